"""Decoding several texts together: each has a slot, and may begin and end at any step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own name for it)

from bot.speech.engines.chatterbox.products import Layout, Product
from bot.speech.engines.chatterbox.t3.alignment import (
    Verdict,
    heed,
    new_guard,
    watched_heads,
)
from bot.speech.engines.chatterbox.t3.attention import KeyValueCache
from bot.speech.engines.chatterbox.t3.backbone import Tensor, open_backbone
from bot.speech.engines.chatterbox.t3.fused import open_fused
from bot.speech.engines.chatterbox.t3.graphs import StepRunner, fix_kernels
from bot.speech.engines.chatterbox.t3.prefix import MOST_BYTES, PrefixReader
from bot.speech.engines.chatterbox.t3.reading import STEPS_LATE, TokenReader
from bot.speech.engines.chatterbox.t3.sampling import UNSOUND, Sampler
from bot.speech.engines.chatterbox.t3.texts import Decoded, NotFiniteError, Prompt, RunningText

__all__ = ["Decoded", "NotFiniteError", "Prompt", "T3Decoder"]

TURBO_TOP_K = 1000
"""What stock's turbo model keeps of its 6563 tokens."""


class T3Decoder:
    """Decodes up to `slots` texts together over the weights of a stock T3 module.

    context: positions of the longest sequence: voice, text and speech together. Texts with
    classifier-free guidance take two rows of the cache, with and without the text.

    Every text draws from a generator of its own, seeded like stock's, so its tokens are those of
    stock decoding with that seed, whatever else is decoded in the same steps.

    graphs: whether steps are captured in CUDA graphs where the weights are on a GPU.
    fused: whether steps take kernels of their own there; see `open_fused`.
    late: how many steps tokens are read after they were drawn; what was drawn after a text's end is
    forgotten, so the results are the same. By itself `STEPS_LATE` on a GPU, and 0 where the guard
    must see each token or there is nothing to wait for.
    layout: of the weights; see `bot.speech.engines.chatterbox.t3.weights.lay_out`.
    """

    def __init__(
        self,
        t3: Any,
        *,
        slots: int,
        context: int,
        graphs: bool = True,
        fused: bool = True,
        late: int | None = None,
        layout: Layout | None = None,
    ) -> None:
        self._t3 = t3
        self.slots, self.context = slots, context
        self._pair = 1 if t3.is_gpt else 2
        on_gpu = t3.speech_head.weight.device.type == "cuda"
        if on_gpu:
            fix_kernels()
        with torch.inference_mode():
            self._backbone = open_backbone(t3, context, layout)
            self._head = _in_float32(t3.speech_head, self._backbone.head)
            weight = t3.speech_head.weight
            heads = watched_heads(t3)
            self._cache = KeyValueCache(self._backbone, slots * self._pair, context, weight, heads)
            self._keeps_voices = t3.is_gpt and not on_gpu  # a GPU reads them in no time
            self._prefixes = PrefixReader(self._backbone, self._cache, MOST_BYTES)
            self._sampler = Sampler(
                slots,
                len(weight),
                penalty_first=not t3.is_gpt,
                top_k=TURBO_TOP_K if t3.is_gpt else 0,
                device=weight.device,
            )
            self._probabilities = torch.ones(slots, len(weight), device=weight.device)
            self._logits = torch.zeros(slots, len(weight), device=weight.device)
            self._watched = torch.zeros(slots, len(heads), context, device=weight.device)
            self._fused = (
                open_fused(self._backbone, self._cache, self._pair) if fused and on_gpu else None
            )
            self._step = StepRunner(
                self._forward, slots, weight.device, one_length=context if self._fused else None
            )
            if graphs and on_gpu:
                # As the engine samples: Turbo from a nucleus, Llama not. Other steps run ungraphed.
                self._step.capture(context, sort=t3.is_gpt)
        if late is None:
            late = STEPS_LATE if on_gpu and not heads else 0
        # With what the generator's state was after the draw.
        self._reader: TokenReader[tuple[RunningText, Tensor]] = TokenReader(
            slots, weight.device, late
        )
        self._running: dict[int, RunningText] = {}
        self._failure: Exception | None = None

    @property
    def running(self) -> int:
        """How many texts are being decoded."""
        return len(self._running)

    @property
    def full(self) -> bool:
        """Whether another text must wait for a slot."""
        return len(self._running) == self.slots

    def length(self, prompt: Prompt) -> int:
        """Return how many positions of the context `prompt` needs at most."""
        return int(self._prefix_length(prompt)) + prompt.max_tokens

    def start(self, prompt: Prompt) -> int:
        """Read a text into a free slot and return the slot.

        Raises `ValueError` when the text does not fit the context.
        """
        if self.length(prompt) > self.context:
            raise ValueError(f"{self.length(prompt)} positions exceed {self.context}")
        slot = min(set(range(self.slots)) - self._running.keys())
        try:
            with torch.inference_mode():
                self._sampler.start(
                    slot, prompt.sampling, prompt.seed, self._t3.hp.start_speech_token
                )
                self._running[slot] = self._prefill(slot, prompt)
                self._prepare_draw(slot)
        except BaseException:
            self.drop(slot)
            raise
        return slot

    def step(self) -> dict[int, Decoded]:
        """Draw one token for every text, and return those that are known to have ended, by slot.

        After an error, what runs must be dropped. Raises `NotFiniteError`.
        """
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        if not self._running:
            return {}
        with torch.inference_mode():
            drawn = self._draw()
            # Where all is drawn, there is nothing else to do.
            ended = self._read(0 if drawn is None else self._reader.late)
            try:
                if drawn is not None and self._going:
                    self._advance(drawn)
            except Exception as error:
                if not ended:
                    raise
                # Not the fault of those that have ended; the next call tells the others.
                self._failure = error
            return ended

    def drop(self, slot: int) -> None:
        """Give up the text in `slot`, if there is one."""
        self._running.pop(slot, None)
        self._sampler.end(slot)
        if not self._running:
            self._failure = None
            self._reader.clear()

    @property
    def _going(self) -> dict[int, RunningText]:
        """The texts that want another token, by slot."""
        return {slot: text for slot, text in sorted(self._running.items()) if text.goes_on}

    def _draw(self) -> Tensor | None:
        """Draw a token for every text that goes on, if one does, and send it on its way."""
        going = self._going
        if not going:
            return None
        probabilities = self._probabilities[: max(going) + 1]
        drawn = self._sampler.draw(probabilities, list(going))
        texts = {}
        for slot, state in going.items():
            state.drawn += 1
            texts[slot] = state, self._sampler.random_state(slot)
        self._reader.put(self._sampler.told(drawn, probabilities), texts)
        return drawn

    def _read(self, late: int) -> dict[int, Decoded]:
        """Read tokens until those of `late` steps are under way; return what has ended."""
        ended = {}
        while len(self._reader) > late:
            tokens, texts = self._reader.take()
            # What was drawn for a text after its end, or that was dropped, is not wanted any more.
            texts = {
                slot: text for slot, text in texts.items() if self._running.get(slot) is text[0]
            }
            unsound = [slot for slot in texts if tokens[slot] == UNSOUND]
            if unsound:
                raise NotFiniteError(unsound)
            for slot, (state, random_state) in texts.items():
                state.tokens.append(tokens[slot])
                if self._has_ended(state):
                    stopped = state.tokens[-1] == self._t3.hp.stop_speech_token
                    ended[slot] = Decoded(tuple(state.tokens), stopped, random_state)
                    self.drop(slot)
        return ended

    def _has_ended(self, state: RunningText) -> bool:
        if len(state.tokens) >= state.prompt.max_tokens:
            return True
        # Stock's turbo model does not look at its very first token.
        unseen = self._t3.is_gpt and len(state.tokens) == 1
        return state.tokens[-1] == self._t3.hp.stop_speech_token and not unseen

    def _prefill(self, slot: int, prompt: Prompt) -> RunningText:
        voice = prompt.conditioning.speaker_emb  # before a copy in T3's type takes its place
        embeds, text = self._prefix(prompt)
        seen: list[Tensor] = [None] * self._watched.shape[1]
        if self._keeps_voices:
            hidden = self._prefixes.read_behind(voice, text[0], slot, embeds)
        else:
            hidden = self._prefixes.read(slot * self._pair, embeds, seen)
        self._logits[slot] = self._sampler.guide(self._head(hidden[:, -1])[None], first=slot)[0]
        return RunningText(prompt, embeds.shape[1], new_guard(self._t3, text), seen)

    def _prefix(self, prompt: Prompt) -> tuple[Tensor, tuple[int, int]]:
        """Return what comes before the speech, (1 or 2, length, dim), and where its text is."""
        t3 = self._t3
        text = prompt.text_tokens[None].repeat(self._pair, 1).to(t3.device)
        start = torch.full_like(text[:, :1], t3.hp.start_speech_token)
        embeds, voice = t3.prepare_input_embeds(
            t3_cond=prompt.conditioning.to(dtype=t3.speech_head.weight.dtype),
            text_tokens=text,
            speech_tokens=start,
            cfg_weight=prompt.sampling.cfg_weight,
        )
        if not t3.is_gpt:
            # Stock begins the speech twice: once in the prefix, once as the first token.
            first = t3.speech_emb(start) + t3.speech_pos_emb.get_fixed_embedding(0)
            embeds = torch.cat([embeds, first], dim=1)
        return embeds, (voice, voice + text.shape[1])

    def _prefix_length(self, prompt: Prompt) -> int:
        if self._t3.is_gpt:
            voice = 1 + prompt.conditioning.cond_prompt_speech_tokens.shape[1]
            return int(voice + len(prompt.text_tokens) + 1)
        # The speaker, the Perceiver's summary of the prompt, and the exaggeration.
        voice = 2 + self._t3.cond_enc.perceiver.pre_attention_query.shape[1]
        return int(voice + len(prompt.text_tokens) + 2)

    def _prepare_draw(self, slot: int) -> None:
        """Turn the logits of a text's prefix into the probabilities of its first token."""
        state, logits = self._running[slot], self._logits[slot : slot + 1]
        if state.guard is not None:
            seen = [weights.cpu() for weights in state.attention]
            verdict = state.guard.look(seen, self._t3.hp.start_speech_token)
            heed(logits, [verdict], self._t3.hp.stop_speech_token)
        self._probabilities[slot] = self._sampler.probabilities(
            logits, sort=self._sampler.needs_sorting(slot + 1), first=slot
        )[0]
        if self._t3.is_gpt:
            # Stock's turbo model forgets the start token after the first draw.
            self._sampler.forget(slot)

    def _advance(self, drawn: Tensor) -> None:
        """Read the tokens just drawn and prepare the next draw."""
        going = self._going
        highest = max(going) + 1
        positions, steps = [0] * highest, [0] * highest
        for slot, state in going.items():
            steps[slot] = state.drawn
            positions[slot] = state.prefix + state.drawn - 1
        sort = self._sampler.needs_sorting(highest)
        self._step(drawn[:highest], positions, steps, sort=sort)
        if self._watched.shape[1]:
            self._ask_guards(going, positions, sort=sort)

    def _ask_guards(
        self, going: dict[int, RunningText], positions: Sequence[int], *, sort: bool
    ) -> None:
        """Let the texts' guards look at the step, of which one copy is made for all."""
        seen = self._watched[: len(positions), :, : max(positions) + 1].cpu()
        verdicts = [Verdict.NOTHING] * len(positions)
        for slot, state in going.items():
            if state.guard is not None:
                attention = list(seen[slot, :, None, : positions[slot] + 1])
                verdicts[slot] = state.guard.look(attention, state.tokens[-1])
        if any(verdicts):
            logits = self._logits[: len(positions)]
            heed(logits, verdicts, self._t3.hp.stop_speech_token)
            self._probabilities[: len(positions)] = self._sampler.probabilities(logits, sort=sort)

    def _forward(
        self, tokens: Tensor, positions: Tensor, steps: Tensor, length: int, sort: bool
    ) -> None:
        """Go one step on; all of it has fixed shapes.

        tokens, positions, steps: (slots,): what was drawn, where it goes in the cache, and how
        many tokens that makes. length: of the cache that is looked at.
        """
        self._sampler.note(tokens)
        embeds = self._t3.speech_emb(tokens)
        if not self._t3.is_gpt:
            embeds = embeds + self._t3.speech_pos_emb.emb(steps)
        rows = positions.repeat_interleave(self._pair)
        count = len(tokens)
        embeds, watched = embeds.repeat_interleave(self._pair, 0), self._watched[:count]
        if self._fused is not None:
            hidden = self._fused.run(embeds, rows, watched)
        else:
            attend = self._cache.step(rows, length, watched, self._pair)
            hidden = self._backbone.run(embeds[:, None], rows[:, None], attend)[:, -1]
        logits = self._head(hidden).unflatten(0, (count, self._pair))
        self._logits[:count] = self._sampler.guide(logits)
        self._probabilities[:count] = self._sampler.probabilities(self._logits[:count], sort=sort)


def _in_float32(head: Any, product: Product) -> Callable[[Tensor], Tensor]:
    """Return what computes the logits, by itself the product with the weights of `head`.

    In half precision they would be rounded before guidance, which takes the difference of two.
    """
    if head.weight.dtype == torch.float32:
        return product
    return Float32Head(head.weight.float(), None if head.bias is None else head.bias.float())


@dataclass(frozen=True, slots=True)
class Float32Head:
    """The last product of a model in half precision, with copies of its weights."""

    weight: Tensor
    bias: Tensor | None

    def __call__(self, hidden: Tensor) -> Tensor:
        """Return the logits."""
        return F.linear(hidden.float(), self.weight, self.bias)
