-- What a voice draws its random numbers from; NULL draws anew for every sentence.
ALTER TABLE voices ADD COLUMN seed INTEGER CHECK (seed >= 0);
