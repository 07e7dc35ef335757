"""A Discord on 127.0.0.1, against which the unmodified bot runs.

async with LoopbackDiscord() as discord:
    guild = discord.add_guild()
    ada = discord.add_person(guild, "Ada")
    listener = await ada.join_voice()
    ... start the bot with discord.connector() or discord.env() ...
    answer = await ada.slash("say", text="Hello").answered()
    await listener.until_heard(packets=50)
    samples = listener.heard()
    discord.assert_clean()
"""

from .audio import best_correlation, decode_opus, encode_opus
from .cdn import Attachment, Upload
from .errors import ClientRefusedError, Violation
from .ids import wait_until
from .interactions import Interaction
from .listener import HeardPacket, Listener, Pacing, pacing
from .messages import Message
from .microphone import Microphone, Network
from .model import Channel, ChannelKind, Guild, Overwrite, Role
from .permissions import Permission
from .server import LoopbackDiscord
from .user import Person
from .voice_connection import VoiceConnection

__all__ = [
    "Attachment",
    "Channel",
    "ChannelKind",
    "ClientRefusedError",
    "Guild",
    "HeardPacket",
    "Interaction",
    "Listener",
    "LoopbackDiscord",
    "Message",
    "Microphone",
    "Network",
    "Overwrite",
    "Pacing",
    "Permission",
    "Person",
    "Role",
    "Upload",
    "Violation",
    "VoiceConnection",
    "best_correlation",
    "decode_opus",
    "encode_opus",
    "pacing",
    "wait_until",
]
