-- Which text channels are read into which voice channel.
CREATE TABLE read_channels (
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    text_channel_id INTEGER NOT NULL CHECK (text_channel_id > 0),
    voice_channel_id INTEGER NOT NULL CHECK (voice_channel_id > 0),
    started_by INTEGER NOT NULL CHECK (started_by > 0),
    PRIMARY KEY (guild_id, text_channel_id)
) STRICT, WITHOUT ROWID;
