-- How fast and loud a voice is spoken; NULL is as the engine makes it.
ALTER TABLE voices ADD COLUMN speed REAL CHECK (speed BETWEEN 0.5 AND 2);
ALTER TABLE voices ADD COLUMN volume_db REAL CHECK (volume_db BETWEEN -12 AND 6);
