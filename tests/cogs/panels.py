"""A panel as a member drives it."""

from __future__ import annotations

from typing import Any

from simcord.actors import MemberActor
from simcord.results import InteractionResult, ResponseMessage

from tests.cogs.conftest import Scene


class DrivenPanel:
    """The answer to `/settings` or `/me`, and what the member does with it."""

    def __init__(self, member: MemberActor, opened: InteractionResult) -> None:
        self.member = member
        self.opened = opened

    @property
    def message(self) -> ResponseMessage:
        assert self.opened.response is not None
        return self.opened.response

    @property
    def title(self) -> str:
        return self.message.embeds[0].title or ""

    @property
    def text(self) -> str:
        """All that the card says."""
        (card,) = self.message.embeds
        fields = [f"{field.name}: {field.value}" for field in card.fields]
        return "\n".join([card.description or "", *fields, card.footer.text or ""])

    def control(self, custom_id: str) -> dict[str, Any]:
        (found,) = [each for each in self.controls if each["custom_id"] == custom_id]
        return found

    @property
    def controls(self) -> list[dict[str, Any]]:
        return [each for row in self.message.components for each in row["components"]]

    @property
    def sections(self) -> list[str]:
        return [option["value"] for option in self.control("section")["options"]]

    @property
    def settings(self) -> list[str]:
        menus = [each for each in self.controls if each["custom_id"] == "setting"]
        return [option["value"] for menu in menus for option in menu["options"]]

    async def press(self, custom_id: str) -> InteractionResult:
        return await self.member.click(self.message, custom_id=custom_id)

    async def choose(self, custom_id: str, *values: Any) -> InteractionResult:
        return await self.member.select(self.message, values, custom_id=custom_id)

    async def open(self, key: str) -> None:
        """Find a setting on its page."""
        for section in self.sections:
            if key in self.settings:
                break
            await self.choose("section", section)
        await self.choose("setting", key)

    async def type(self, text: str, button: str = "type") -> InteractionResult:
        """Type into the dialog behind a button and submit it."""
        return await self.member.submit_modal(await self.press(button), {"text": text})

    async def typed(self, button: str = "type") -> str:
        """Return what stands in the dialog when it is opened."""
        modal = (await self.press(button)).modal
        assert modal is not None
        return str(modal["components"][0]["component"]["value"])


async def open_panel(
    scene: Scene, member: MemberActor, command: str = "settings", **options: str
) -> DrivenPanel:
    """Use `/settings`, `/me` or `/voice share`."""
    return DrivenPanel(member, await member.slash(scene.channel, command, **options))
