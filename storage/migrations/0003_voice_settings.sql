-- How a voice speaks; NULL is the model's default. The exact ranges are the program's, by model.
ALTER TABLE voices ADD COLUMN exaggeration REAL CHECK (exaggeration BETWEEN 0 AND 10);
ALTER TABLE voices ADD COLUMN cfg_weight REAL CHECK (cfg_weight BETWEEN 0 AND 10);
ALTER TABLE voices ADD COLUMN temperature REAL CHECK (temperature BETWEEN 0 AND 10);
