"""The smallest bot on the real, unmodified discord.py that uses what the loopback offers."""

from __future__ import annotations

import asyncio
import contextlib
import io
import socket
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands
from discord.utils import MISSING
from discord.voice_state import VoiceConnectionState

from loopback.server import LoopbackDiscord


class Confirmation(discord.ui.View):
    """Save or discard."""

    @discord.ui.button(label="Save", style=discord.ButtonStyle.green)
    async def save(self, interaction: discord.Interaction, button: discord.ui.Button[Any]) -> None:
        await interaction.response.edit_message(content="saved", view=None)

    @discord.ui.button(label="Discard", disabled=True)
    async def discard(self, interaction: discord.Interaction, button: Any) -> None:
        await interaction.response.defer()

    @discord.ui.select(
        options=[discord.SelectOption(label="Joe"), discord.SelectOption(label="Amy")]
    )
    async def choose(self, interaction: discord.Interaction, menu: discord.ui.Select[Any]) -> None:
        await interaction.response.send_message(menu.values[0], ephemeral=True)


class Naming(discord.ui.Modal, title="Name the voice"):
    """One text."""

    name: discord.ui.TextInput[Any] = discord.ui.TextInput(
        label="Name", custom_id="name", min_length=2
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"named {self.name.value}")


@app_commands.command(description="Answer after a deferral, with a file")
async def shout(
    interaction: discord.Interaction, text: app_commands.Range[str, 1, 20], times: int = 1
) -> None:
    await interaction.response.defer(ephemeral=True)
    content = (text.upper() * times).encode()
    file = discord.File(io.BytesIO(content), "shout.txt")
    await interaction.edit_original_response(content="done", attachments=[file])
    await interaction.followup.send("and more", ephemeral=True)


@app_commands.command(description="Say how large a file is")
async def measure(interaction: discord.Interaction, sample: discord.Attachment) -> None:
    content = await sample.read()
    await interaction.response.send_message(f"{sample.filename}: {len(content)}")


@app_commands.command(description="Choose a name")
async def pick(interaction: discord.Interaction, name: str) -> None:
    await interaction.response.send_message(name)


@pick.autocomplete("name")
async def names(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    found = [name for name in ("Joe", "Jane", "Amy") if name.lower().startswith(current.lower())]
    return [app_commands.Choice(name=name, value=name.lower()) for name in found]


@app_commands.command(description="Show buttons to one person")
async def card(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("save?", view=Confirmation(), ephemeral=True)


@app_commands.command(description="Ask for a name")
async def ask(interaction: discord.Interaction) -> None:
    await interaction.response.send_modal(Naming())


@app_commands.command(description="Acknowledge twice, behind the library's back")
async def twice(interaction: discord.Interaction) -> None:
    await interaction.response.defer()
    interaction.response._response_type = None
    await interaction.response.defer()


@app_commands.command(description="Ask for what the loopback does not offer")
async def strange(interaction: discord.Interaction) -> None:
    await interaction.response.defer()
    await interaction.client.http.get_guild_preview(interaction.guild_id or 0)


@app_commands.command(description="Say what the bot may do here")
async def rights(interaction: discord.Interaction, where: discord.VoiceChannel) -> None:
    assert interaction.guild is not None
    mine = where.permissions_for(interaction.guild.me)
    await interaction.response.send_message(f"connect={mine.connect} speak={mine.speak}")


@app_commands.context_menu(name="Measure this")
async def measure_this(interaction: discord.Interaction, message: discord.Message) -> None:
    await interaction.response.send_message(str(len(message.content)))


group = app_commands.Group(name="voice", description="Voices", guild_only=True)


@group.command(name="info", description="Describe a voice")
async def info(interaction: discord.Interaction, name: str) -> None:
    await interaction.response.send_message(f"about {name}")


@app_commands.command(description="Only for those who manage the server")
@app_commands.default_permissions(manage_guild=True)
async def secret(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("secret")


COMMANDS: tuple[Any, ...] = (
    shout,
    measure,
    pick,
    card,
    ask,
    twice,
    strange,
    rights,
    measure_this,
    group,
    secret,
)


class _WakefulState(VoiceConnectionState):
    """Ends the reader thread's wait of up to 30 s on a socket that is no longer used.

    The socket stays open until the bot ends: woken, `select` looks at the file descriptor once
    more, and if its number belongs to another socket by then, it sleeps on.
    """

    async def disconnect(self, **options: Any) -> None:
        self._retire_socket()
        await super().disconnect(**options)

    async def soft_disconnect(self, **options: Any) -> None:
        self._retire_socket()
        await super().soft_disconnect(**options)

    def _create_socket(self) -> None:
        self._retire_socket()
        if self.socket is not MISSING:
            self.socket.close()  # the library forgets it
        super()._create_socket()

    def _retire_socket(self) -> None:
        self._socket_reader.pause()
        if self.socket is not MISSING:
            old, self.socket = self.socket, socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.setblocking(False)
            bot = self.voice_client.client
            assert isinstance(bot, BareBot)
            bot.retired_sockets.append(old)
            with contextlib.suppress(OSError):
                old.shutdown(socket.SHUT_RDWR)


class WakefulClient(discord.VoiceClient):
    """discord.py's own client, which reconnects without the long wait."""

    def create_connection_state(self) -> VoiceConnectionState:
        return _WakefulState(self)


class BareBot(commands.AutoShardedBot):
    """Registers the commands above, keeps what went wrong in them."""

    def __init__(self, **options: Any) -> None:
        intents = discord.Intents(guilds=True, voice_states=True, guild_messages=True)
        super().__init__("!", intents=intents, guild_ready_timeout=0.05, **options)
        self.errors: list[Exception] = []
        self.retired_sockets: list[socket.socket] = []
        self.last_interaction: discord.Interaction | None = None
        self._connected: asyncio.Task[None] | None = None
        for command in COMMANDS:
            self.tree.add_command(command)
        self.tree.error(self._keep_error)

    async def _keep_error(self, interaction: discord.Interaction, error: Exception) -> None:
        self.errors.append(getattr(error, "original", error))

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        self.last_interaction = interaction

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Identify at once: the loopback does not limit it."""

    async def run_against(self, loopback: LoopbackDiscord) -> None:
        """Log in, connect, register the commands and wait until ready."""
        await self.login(loopback.token)
        self._connected = asyncio.create_task(self.connect())
        await self.wait_until_ready()
        await self.tree.sync()

    async def end(self) -> None:
        """Leave voice and log out."""
        for client in list(self.voice_clients):
            await client.disconnect(force=True)
        await self.close()
        for retired in self.retired_sockets:
            retired.close()
        if self._connected is not None:
            await self._connected
