-- How many readings of a sentence are made, of which the best is spoken; NULL is one.
ALTER TABLE voices ADD COLUMN takes INTEGER CHECK (takes BETWEEN 1 AND 10);
