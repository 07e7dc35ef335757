"""Decoding several texts together: each has a slot, and may begin and end at any step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from bot.speech.engines.chatterbox.products import Layout
from bot.speech.engines.chatterbox.t3.alignment import Guard, new_guard, watched_heads
from bot.speech.engines.chatterbox.t3.attention import KeyValueCache
from bot.speech.engines.chatterbox.t3.backbone import Tensor, open_backbone
from bot.speech.engines.chatterbox.t3.graphs import StepRunner, fix_kernels
from bot.speech.engines.chatterbox.t3.sampling import Sampler, Sampling

TURBO_TOP_K = 1000
"""What stock's turbo model keeps of its 6563 tokens."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text to decode.

    conditioning: stock's `T3Cond` of the voice; it is written to, so it must be this text's own.
    text_tokens: (length,) with the start and stop tokens that the model wants.
    max_tokens: after which decoding ends if no stop token came.
    """

    conditioning: Any
    text_tokens: Tensor
    seed: int
    sampling: Sampling = field(default_factory=Sampling)
    max_tokens: int = 1000


@dataclass(frozen=True, slots=True)
class Decoded:
    """What became of a text.

    tokens: as drawn, the stop token at the end included if it came (`stopped`).
    random_state: of the text's generator, from which stock would go on to draw S3Gen's noise.
    """

    tokens: tuple[int, ...]
    stopped: bool
    random_state: Tensor


@dataclass(slots=True)
class _Slot:
    prompt: Prompt
    prefix: int
    guard: Guard | None
    attention: list[Tensor]
    tokens: list[int] = field(default_factory=list)


class T3Decoder:
    """Decodes up to `slots` texts together over the weights of a stock T3 module.

    context: positions of the longest sequence: voice, text and speech together. Texts with
    classifier-free guidance take two rows of the cache, with and without the text.

    Every text draws from a generator of its own, seeded like stock's, so its tokens are those of
    stock decoding with that seed, whatever else is decoded in the same steps.

    graphs: whether steps are captured in CUDA graphs where the weights are on a GPU.
    layout: of the weights; see `bot.speech.engines.chatterbox.t3.weights.lay_out`.
    """

    def __init__(
        self,
        t3: Any,
        *,
        slots: int,
        context: int,
        graphs: bool = True,
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
            weight = t3.speech_head.weight
            heads = watched_heads(t3)
            self._cache = KeyValueCache(self._backbone, slots * self._pair, context, weight, heads)
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
            self._step = StepRunner(self._forward, slots, weight.device)
            if graphs and on_gpu:
                # As the engine samples: Turbo from a nucleus, Llama not. Other steps run ungraphed.
                self._step.capture(context, sort=t3.is_gpt)
        self._running: dict[int, _Slot] = {}
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
        """Draw one token for every text, and return those that ended, by slot.

        After an error, what runs must be dropped.
        """
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        if not self._running:
            return {}
        with torch.inference_mode():
            highest = max(self._running) + 1
            active = sorted(self._running)
            drawn = self._sampler.draw(self._probabilities[:highest], active)
            ended = self._record(drawn.tolist())
            try:
                if self._running:
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

    def _record(self, drawn: list[int]) -> dict[int, Decoded]:
        ended = {}
        for slot, state in list(self._running.items()):
            state.tokens.append(drawn[slot])
            if self._has_ended(state):
                stopped = state.tokens[-1] == self._t3.hp.stop_speech_token
                random_state = self._sampler.random_state(slot)
                ended[slot] = Decoded(tuple(state.tokens), stopped, random_state)
                self.drop(slot)
        return ended

    def _has_ended(self, state: _Slot) -> bool:
        if len(state.tokens) >= state.prompt.max_tokens:
            return True
        # Stock's turbo model does not look at its very first token.
        unseen = self._t3.is_gpt and len(state.tokens) == 1
        return state.tokens[-1] == self._t3.hp.stop_speech_token and not unseen

    def _prefill(self, slot: int, prompt: Prompt) -> _Slot:
        embeds, text = self._prefix(prompt)
        seen: list[Tensor] = [None] * self._watched.shape[1]
        attend = self._cache.prefill(slot * self._pair, seen)
        positions = torch.arange(embeds.shape[1], device=embeds.device)[None]
        hidden = self._backbone.run(embeds, positions.expand(len(embeds), -1), attend)
        self._logits[slot] = self._sampler.guide(
            self._backbone.head(hidden[:, -1])[None], first=slot
        )[0]
        return _Slot(prompt, embeds.shape[1], new_guard(self._t3, text), seen)

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
        """Turn the logits of a slot into the probabilities of its next token."""
        state, logits = self._running[slot], self._logits[slot : slot + 1]
        if state.guard is not None:
            last = state.tokens[-1] if state.tokens else self._t3.hp.start_speech_token
            logits = state.guard.look(state.attention, logits, last)
        self._probabilities[slot] = self._sampler.probabilities(
            logits, sort=self._sampler.needs_sorting(slot + 1), first=slot
        )[0]
        if self._t3.is_gpt and not state.tokens:
            # Stock's turbo model forgets the start token after the first draw.
            self._sampler.forget(slot)

    def _advance(self, drawn: Tensor) -> None:
        """Read the tokens just drawn and prepare the next draw."""
        highest = max(self._running) + 1
        positions, steps = [0] * highest, [0] * highest
        for slot, state in self._running.items():
            steps[slot] = len(state.tokens)
            positions[slot] = state.prefix + len(state.tokens) - 1
        self._step(drawn[:highest], positions, steps, sort=self._sampler.needs_sorting(highest))
        for slot, state in self._running.items():
            if state.guard is not None:
                length = positions[slot] + 1
                state.attention = list(self._watched[slot, :, None, :length])
                self._prepare_draw(slot)

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
        attend = self._cache.step(rows, length, self._watched[:count], self._pair)
        hidden = self._backbone.run(
            embeds.repeat_interleave(self._pair, 0)[:, None], rows[:, None], attend
        )
        logits = self._backbone.head(hidden[:, -1]).unflatten(0, (count, self._pair))
        self._logits[:count] = self._sampler.guide(logits)
        self._probabilities[:count] = self._sampler.probabilities(self._logits[:count], sort=sort)
