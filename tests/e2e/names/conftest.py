from tests.cogs.conftest import env, log_lines, scene, texts_wait, voice_client, world

__all__ = ["env", "log_lines", "scene", "texts_wait", "voice_client", "world"]
