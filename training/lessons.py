"""From generated programs to trees of questions and answers."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from transformers import PreTrainedTokenizerFast

from harness.prompts import NO, QUESTIONS, WEAKNESSES, YES, build_prompt
from training.answers import Verdict, sizes_as_n, write_answer, yes_means
from training.branches import Branch, Flaw, Tree
from training.distractors import distractors
from training.plain_code import PlainCode
from training.programs import CWES, Program, ProgramPair, generate_benign, generate_pair, reason_absent
from training.recipe import Recipe, Stage
from training.twins import draw_twin, trained_twins, vary


class Lessons:
    """The stream of training batches. A shelf of lessons depends on the recipe and its number alone, so training can go on anywhere."""

    def __init__(self, recipe: Recipe, tokenizer: PreTrainedTokenizerFast, plain: PlainCode) -> None:
        self.recipe = recipe
        self.plain = plain
        self._tokenizer = tokenizer
        self.end_of_text: int = tokenizer.eos_token_id
        self.yes = self._single(YES)
        self.no = self._single(NO)

    def _single(self, answer: str) -> int:
        tokens = self.encode(answer)
        if len(tokens) != 1:
            raise ValueError(f"the answer {answer!r} is {len(tokens)} tokens; train the tokenizer on answers until it is one")
        return tokens[0]

    def encode(self, text: str) -> tuple[int, ...]:
        """Tokens of a text, without end-of-text."""
        return tuple(self._tokenizer.backend_tokenizer.encode(text).ids)

    def shelf(self, number: int, step: int) -> list[list[Tree]]:
        """Batches of trees, in the order of training.

        Args: number, of the shelf; step, at which it is begun, which decides the stage of the lessons.
        """
        rng = Random(f"{self.recipe.seed} shelf {number}")
        return _Author(self, rng, self.recipe.stage(step)).batches()


class _Author:
    """Writes the lessons of one shelf."""

    def __init__(self, lessons: Lessons, rng: Random, stage: Stage) -> None:
        self.recipe = lessons.recipe
        self.encode = lessons.encode
        self.plain = lessons.plain
        self.end_of_text = lessons.end_of_text
        self.rng = rng
        self.stage = stage
        self._doubt = dict(lessons.recipe.doubt)

    def batches(self) -> list[list[Tree]]:
        batches = list(self._filled([self._pair() for _ in range(self.recipe.pairs_a_shelf)]))
        plain = round(len(batches) * self.recipe.plain_share + self.rng.random() - 0.5)
        batches.extend(self._plain() for _ in range(plain))
        self.rng.shuffle(batches)
        return batches

    def _filled(self, pairs: list[list[Tree]]) -> Iterator[list[Tree]]:
        """Batches of pairs of like length, so that little is padding. The halves of a pair stay together."""
        batch: list[Tree] = []
        for trees in sorted(pairs, key=lambda trees: max(map(len, trees))):
            longest = max(map(len, trees))  # pairs come in order of length
            if batch and (len(batch) + len(trees)) * longest > self.recipe.tokens_a_batch:
                yield batch
                batch = []
            batch.extend(trees)
        yield batch

    def _pair(self) -> list[Tree]:
        """Both halves of a pair; now and then a benign program besides."""
        pair = self._draw()
        distracted = self.rng.random() < self.stage.distractor_share
        before = distractors(self.rng, pair) if distracted else ""
        trees = self._spot(pair, [self._tree(program, before) for program in (pair.vulnerable, pair.patched)])
        if self.rng.random() < self.recipe.benign_share:
            trees.append(self._benign())
        return trees

    def _spot(self, pair: ProgramPair, trees: list[Tree]) -> list[Tree]:
        """From the first token in which the halves differ, the label is there to be seen in the code itself."""
        one, other = (tree.trunk for tree in trees)
        since = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
        doubt = self._doubt[pair.vulnerable.hardness]
        weakness = list(WEAKNESSES).index(pair.vulnerable.cwe)
        return [
            replace(tree, flaw=Flaw(since=since, weakness=weakness, present=present))
            for tree, present in zip(trees, (1 - doubt, doubt), strict=True)
        ]

    def _draw(self) -> ProgramPair:
        cwes, shares = zip(*self.stage.cwe_share, strict=True)
        cwe = self.rng.choices(cwes, shares)[0]
        hand_written = self.rng.random() < self.stage.twins_share and bool(trained_twins(cwe))
        while True:
            pair = vary(self.rng, draw_twin(self.rng, cwe)) if hand_written else generate_pair(self.rng, cwe)
            short = self.stage.longest is None or len(pair.vulnerable.code) <= self.stage.longest
            if short and pair.vulnerable.hardness in self.stage.hardness:
                return pair

    def _tree(self, program: Program, before: str) -> Tree:
        fewest, most = self.stage.questions
        branches = [self._own(program, question) for question in self.rng.sample(list(QUESTIONS), self.rng.randint(fewest, most))]
        absent = [(cwe, reason) for cwe in WEAKNESSES if cwe != program.cwe and (reason := reason_absent(program, cwe)) is not None]
        if absent and not before and self.rng.random() < self.stage.absent_share:
            branches.append(self._other(program.language, *self.rng.choice(absent)))
        return self._grow(before + program.code, program.language, branches)

    def _own(self, program: Program, question: str) -> Branch:
        """The question about the program's own weakness. With some doubt the whole answer, reasons too, argues for the other verdict."""
        doubt = self._doubt[program.hardness]
        truth: Verdict = "vulnerable" if program.label == "vulnerable" else "secure"
        other: Verdict = "secure" if truth == "vulnerable" else "vulnerable"
        said = other if self.rng.random() < max(doubt, self.recipe.swapped_reasons) else truth
        reason = program.reason_vulnerable if said == "vulnerable" else program.reason_patched
        return self._branch(program.language, program.cwe, question, truth=truth, doubt=doubt, said=said, reason=reason, own=True)

    def _other(self, language: str, cwe: str, reason: str | None) -> Branch:
        question = self.rng.choice(list(QUESTIONS))
        return self._branch(language, cwe, question, truth="secure", doubt=self.recipe.doubt_absent, said="secure", reason=reason)

    def _branch(
        self, language: str, cwe: str, question: str, *, truth: Verdict, doubt: float, said: Verdict, reason: str | None, own: bool = False
    ) -> Branch:
        prompt = build_prompt(code="x", language=language, cwe=cwe, question=question)
        answer: tuple[int, ...] = ()
        if reason is not None and self.rng.random() < self.stage.reasons_share:
            reason = sizes_as_n(reason) if self.stage.sizes_as_n else reason
            text = write_answer(self.rng, asks=prompt.asks, verdict=said, cwe=cwe, reason=reason)
            answer = (*self.encode(text), self.end_of_text)
        yes = 1 - doubt if yes_means(prompt.asks) == truth else doubt
        return Branch(question=self.encode(prompt.text[prompt.code_end :]), answer=answer, yes=yes, own=own)

    def _benign(self) -> Tree:
        """A program without a flaw: secure, whatever is asked. No reason is known, so the branches end at the first token."""
        language = self.rng.choice(("c", "c", "python"))
        branches = [self._other(language, self.rng.choice(CWES), None) for _ in range(3)]
        return self._grow(generate_benign(self.rng, language), language, branches)

    def _grow(self, code: str, language: str, branches: list[Branch]) -> Tree:
        prompt = build_prompt(code=code, language=language, cwe=CWES[0])
        tree = Tree(trunk=self.encode(prompt.text[: prompt.code_end]), branches=tuple(branches))
        room = self.recipe.shape.context - tree.depth
        if room < 0:
            raise ValueError(f"a lesson of {tree.depth} positions does not fit into the context of {self.recipe.shape.context}; shorten it")
        start = self.rng.randint(0, room) if self.rng.random() < self.recipe.shifted_share else 0
        return Tree(trunk=tree.trunk, branches=tree.branches, start=start)

    def _plain(self) -> list[Tree]:
        """Plain code, in rows of one length."""
        length = self.rng.choice((256, 512, 1024, min(2048, self.recipe.shape.context)))
        length = min(length, self.recipe.shape.context)
        trees = []
        while len(trees) < max(1, self.recipe.tokens_a_batch // length):
            tokens = self.encode(self.plain.passage(self.rng, 6 * length))[:length]
            trees.append(Tree(trunk=tokens, start=self.rng.randint(0, self.recipe.shape.context - len(tokens))))
        return trees
