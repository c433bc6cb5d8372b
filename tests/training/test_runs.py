"""Runs that are stopped, resumed, diverge, or start from a model."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from satchel.config.loading import dump_config, load_config
from satchel.errors import CheckpointError, ConfigError, DivergedError, RunFolderError, StoppedError
from satchel.files import lock
from satchel.model.modelfile import load_model
from satchel.reporting import Reporter
from satchel.training.checkpoint import load_rows, read_checkpoint
from satchel.training.folder import RunFolder
from satchel.training.run import RunResult, Start, is_finished, train
from satchel.training.saving import CheckpointWriter
from tests.conftest import documents, write_csv

ENGINES = ["fused", "torch"]


class Heard(Reporter):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def message(self, text: str) -> None:
        self.lines.append(text)

    def warning(self, text: str) -> None:
        self.lines.append(f"warning: {text}")


def stopping_after(calls: int) -> Callable[[], AbstractContextManager[Callable[[], bool]]]:
    """Asks to stop when it has been asked so often."""
    left = [calls]

    def wanted() -> bool:
        left[0] -= 1
        return left[0] <= 0

    @contextmanager
    def stopping() -> Iterator[Callable[[], bool]]:
        yield wanted

    return stopping


@pytest.fixture
def config(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(corpus)
    (corpus / "config.yaml").write_text(
        "threads: 1\n"
        "data: {train: train.csv, validation: 0.2}\n"
        "vocabulary: {ngram_min_count: 1}\n"
        # A linear layer that learns: with one that stays as it is, hardly any rate is too high.
        "training: {epochs: 3, learning_rate: 4.0, linear_learning_rate: 0.1, bias_learning_rate: 0.1,\n"
        "           batch_size: 4, weight_decay: 1e-4, label_smoothing: 0}\n"
    )
    return corpus


def run(output: str, *overrides: str, reporter: Reporter | None = None, **named: Any) -> RunResult:
    settings = load_config(Path("config.yaml"), overrides)
    start = Start(**{key: named.pop(key) for key in list(named) if key in Start.__annotations__})
    with RunFolder(Path(output)) as folder:
        result = train(
            settings, folder, start=start, describe=dump_config, reporter=reporter or Reporter(), **named
        )
        folder.write_metrics(result.figures())
        folder.finish()
        return result


def model_of(output: str) -> bytes:
    return (Path(output) / "model.safetensors").read_bytes()


def epochs_of(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (Path(output) / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("calls", [1, 6, 13, 20])
def test_stopped_and_resumed_is_as_never_stopped(config: Path, engine: str, calls: int) -> None:
    overrides: tuple[str, ...] = (f"training.engine={engine}", "training.early_stopping={patience: 2}")
    if engine == "torch":
        overrides += ("training.momentum=0.5", "training.weight_decay=0")
    run("whole", *overrides)
    with pytest.raises(
        StoppedError, match=r"stopped (in|after) epoch .*`satchel train --resume cut` goes on"
    ):
        run("cut", *overrides, stopping=stopping_after(calls))
    heard = Heard()
    run("cut", *overrides, resume=True, reporter=heard)
    assert any(line.startswith("Going on ") for line in heard.lines)
    assert model_of("cut") == model_of("whole")
    same = ("epoch", "step", "learning_rate", "train_loss", "validation", "is_best", "halvings")
    assert [[record[key] for key in same] for record in epochs_of("cut")] == [
        [record[key] for key in same] for record in epochs_of("whole")
    ]


def test_subwords_are_learned_alike_when_a_run_goes_on(config: Path) -> None:
    pytest.importorskip("sentencepiece")
    pieces = "text.tokenizer={name: subword, size: 50}"
    run("whole", pieces)
    with pytest.raises(StoppedError, match="stopped in epoch"):
        run("cut", pieces, stopping=stopping_after(6))
    run("cut", pieces, resume=True)
    assert model_of("cut") == model_of("whole")


def test_a_finished_run_is_finished(config: Path) -> None:
    run("whole")
    assert is_finished(load_config(Path("config.yaml"), ["threads=2"]), RunFolder(Path("whole")))
    with pytest.raises(CheckpointError, match=r"training\.epochs: was 3, is 4"):
        is_finished(load_config(Path("config.yaml"), ["training.epochs=4"]), RunFolder(Path("whole")))
    assert sorted(path.name for path in Path("whole/checkpoints").iterdir()) == [
        "best.safetensors",
        "last.safetensors",
    ]


def test_what_changed_is_refused_by_name(config: Path) -> None:
    with pytest.raises(StoppedError, match="stopped in epoch 2"):
        run("cut", stopping=stopping_after(14))
    with pytest.raises(
        CheckpointError, match=r"(?s)config has changed.*seed: was 1, is 2\n.*lowercase: was True, is False"
    ):
        run("cut", "seed=2", "text.lowercase=false", resume=True)
    write_csv(config / "train.csv", [*documents(300, seed=1), ("quince orchard", "fruit"), ("lute", "music")])
    with pytest.raises(CheckpointError, match=r"(?s)data has changed.*train\.csv: other content"):
        run("cut", resume=True)
    before = load_model_rows("cut/checkpoints/epoch.safetensors")
    heard = Heard()
    result = run("cut", resume=True, allow_changed_data=True, reporter=heard)
    assert any("after epoch 1 of 3, with changed data" in line for line in heard.lines)
    assert [record["epoch"] for record in epochs_of("cut")] == [1, 2, 3]
    assert "lute" in result.corpus.vocabulary.words.to_pylist()
    assert len(result.corpus.vocabulary) > before


def test_the_data_may_change_when_a_run_is_all_but_finished(config: Path) -> None:
    """Killed between the writing of the model and of the figures: only the model says what rows are of."""
    few = ("training.epochs=1", "data.validation=null")
    settings = load_config(Path("config.yaml"), few)
    with RunFolder(Path("cut")) as folder:
        train(settings, folder, start=Start(), describe=dump_config, reporter=Reporter())
        assert not folder.rows.exists()
        assert not folder.is_finished
    write_csv(config / "train.csv", [*documents(300, seed=1), ("quince orchard", "fruit"), ("lute", "music")])
    heard = Heard()
    result = run("cut", *few, resume=True, allow_changed_data=True, reporter=heard)
    assert any("after epoch 1 of 1, with changed data" in line for line in heard.lines)
    assert "lute" in result.corpus.vocabulary.words.to_pylist()
    assert RunFolder(Path("cut")).is_finished


def test_what_rows_are_of_is_written_where_a_training_took_long(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satchel.training.saving._SHORT", 0.0)
    settings = load_config(Path("config.yaml"), ["training.epochs=1", "data.validation=null"])
    with RunFolder(Path("long")) as folder:
        result = train(settings, folder, start=Start(), describe=dump_config, reporter=Reporter())
        known = load_rows(folder.rows)
    assert known.vocabulary.hashes.tolist() == result.corpus.vocabulary.hashes.tolist()
    assert known.labels == result.corpus.labels


def load_model_rows(path: str) -> int:
    from satchel.model.tensorfile import TensorFile

    with TensorFile(Path(path)) as file:
        return file.tensors["embedding"].shape[0]


def test_a_checkpoint_of_another_engine_or_a_damaged_one(config: Path) -> None:
    with pytest.raises(StoppedError, match="stopped"):
        run("cut", stopping=stopping_after(14))
    path = Path("cut/checkpoints/last.safetensors")
    whole = path.read_bytes()
    for damaged in (whole[:-1], whole[:-9] + b"\1" + whole[-8:], b""):
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match="start anew with --force"):
            run("cut", resume=True)
    path.write_bytes(whole.replace(b"FusedEngine", b"OtherEngine"))
    with pytest.raises(CheckpointError, match=r"its engine \(OtherEngine\) is not this run's"):
        run("cut", resume=True)


def test_resuming_nothing_is_starting(config: Path) -> None:
    run("whole")
    run("other", resume=True)
    assert model_of("other") == model_of("whole")


def test_two_trainings_in_one_folder(config: Path) -> None:
    run("busy")
    held = lock(Path("busy/.lock"))
    assert held is not None
    with pytest.raises(RunFolderError, match="busy: another process is training here"):
        run("busy", force=True)
    held.close()
    run("busy", force=True)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rate", ["1e4", "1e30"])
def test_a_hopeless_learning_rate_ends_in_advice(config: Path, engine: str, rate: str) -> None:
    overrides = (f"training.engine={engine}", f"training.learning_rate={rate}", "training.weight_decay=0")
    with pytest.raises(DivergedError, match=r"every learning rate from .* down to .*: lower training\.l"):
        run("diverged", *overrides)
    assert not Path("diverged/model.safetensors").exists()
    log = Path("diverged/log.txt").read_text()
    assert log.count("going back to the start, with the learning rate halved") == 5


@pytest.mark.parametrize("engine", ENGINES)
def test_a_learning_rate_that_is_too_high_is_halved(config: Path, engine: str) -> None:
    overrides = (f"training.engine={engine}", "training.learning_rate=400.0", "training.weight_decay=0")
    heard = Heard()
    result = run("halved", *overrides, reporter=heard)
    halvings = sum("learning rate halved" in line for line in heard.lines)
    assert halvings > 0
    assert [record["halvings"] for record in epochs_of("halved")] == [halvings] * 3
    assert result.epochs[-1].learning_rate < 400 / 2**halvings
    assert result.epochs[-1].validation is not None
    assert result.epochs[-1].validation.accuracy > 0.9
    with pytest.raises(StoppedError, match="stopped"):
        run("cut", *overrides, stopping=stopping_after(6))
    run("cut", *overrides, resume=True)
    assert model_of("cut") == model_of("halved")


def test_going_back_within_the_training(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine whose loss is NaN once, in the third epoch: back to the end of the second."""
    from satchel.training.engines.fused import FusedEngine

    plain, seen = FusedEngine.train, []

    def once(self: FusedEngine, order: Any, rates: Any) -> float:
        loss = plain(self, order, rates)
        seen.append(rates[0])
        if len(seen) == 26:
            self._parameters.embedding[:] = np.nan
            return float("nan")
        return loss

    monkeypatch.setattr(FusedEngine, "train", once)
    run("back")
    records = epochs_of("back")
    assert [record["halvings"] for record in records] == [0, 0, 1]
    assert records[2]["learning_rate"] == pytest.approx(records[0]["learning_rate"] / 2 * 1 / 121, rel=0.05)
    assert np.isfinite(load_model(Path("back")).parameters.embedding).all()
    assert "back to the end of epoch 2" in Path("back/log.txt").read_text()


def test_starting_from_a_model(config: Path) -> None:
    old = run("old").model
    new = [("lute sitar tune", "strings"), ("lute apple sitar", "strings"), ("the apple pear", "fruit")] * 9
    write_csv(config / "new.csv", new)
    heard = Heard()
    tiny = ("training.learning_rate=1e-20", "training.epochs=1", "training.calibration=none")
    model = run("new", "data.train=new.csv", "training.start_from=old", *tiny, reporter=heard).model
    assert model.labels.labels == ("fruit", "metal", "music", "strings")
    assert model.labels.counts[1:3] == (0, 0)
    rows = model.vocabulary.rows_of(old.vocabulary.hashes)
    assert (rows >= 0).all()
    np.testing.assert_allclose(model.parameters.embedding[rows], old.parameters.embedding)
    np.testing.assert_allclose(model.parameters.weight[:3], old.parameters.weight)
    np.testing.assert_allclose(model.parameters.bias[:3], old.parameters.bias, atol=1e-12)
    words = model.vocabulary.row_of_word()
    assert {"lute", "sitar", "tune", "iron", "the"} <= words.keys()
    assert words["lute"] < words["iron"]  # those that the new data lacks stand behind
    assert old.vocabulary.row_of_word().keys() < words.keys()
    fresh = sorted(set(range(len(model.vocabulary))) - set(rows.tolist()))
    assert len(fresh) == len(model.vocabulary) - len(old.vocabulary)
    assert np.abs(model.parameters.embedding[fresh]).max() < 1e-15
    assert any(f"{len(old.vocabulary):,} features known" in line and "1 new" in line for line in heard.lines)
    assert load_model(Path("new")).vocabulary.words.to_pylist() == model.vocabulary.words.to_pylist()


def test_a_model_of_two_classes_goes_on_with_its_weighting(config: Path) -> None:
    two = [row for row in documents(300, seed=1) if row[1] != "music"]
    write_csv(config / "two.csv", two)
    old = run("old", "data.train=two.csv")
    assert old.settings.model.weighting.name == "log_count_ratio"
    with pytest.raises(StoppedError, match="stopped"):
        run("cut", "data.train=two.csv", stopping=stopping_after(8))
    run("cut", "data.train=two.csv", resume=True)
    assert model_of("cut") == model_of("old")
    heard = Heard()
    more = run("more", "training.start_from=old", reporter=heard)  # of three classes
    assert more.settings.model.weighting.name == "tfidf"
    assert any("weighed anew: tfidf, before log_count_ratio" in line for line in heard.lines)
    # Of more classes the dimensions are more: what was known fills the first of them, the new class another.
    assert (old.model.parameters.weight.shape, more.model.parameters.weight.shape) == ((2, 2), (3, 4))
    still = ("training.learning_rate=1e-20", "training.epochs=1", "training.calibration=none")
    weight = run("still", "training.start_from=old", *still).model.parameters.weight
    known = [more.model.labels.labels.index(label) for label in old.model.labels.labels]
    np.testing.assert_allclose(weight[known, :2], old.model.parameters.weight)
    np.testing.assert_allclose(weight[known, 2:], 0, atol=1e-30)
    (new,) = {0, 1, 2} - set(known)
    assert np.linalg.norm(weight[new]) == pytest.approx(1)
    np.testing.assert_allclose(weight[new] @ weight[known].T, 0, atol=1e-6)
    run("explicit", "data.train=two.csv", "model.weighting=tfidf")
    assert run("again", "training.start_from=explicit").settings.model.weighting.name == "tfidf"


def test_a_handful_of_documents_is_learned_by_the_rule(config: Path) -> None:
    write_csv(config / "few.csv", [("good x", "a"), ("bad y", "b"), ("nice x", "a"), ("awful y", "b")])
    Path("few.yaml").write_text("threads: 1\ndata: {train: few.csv, validation: null}\n")
    settings = load_config(Path("few.yaml"))
    with RunFolder(Path("few")) as folder:
        result = train(settings, folder, start=Start(), describe=dump_config, reporter=Heard())
    assert [record.halvings for record in result.epochs] == [0] * 10
    assert result.epochs[-1].train_loss < result.epochs[0].train_loss


def test_more_dimensions_than_classes_change_nothing(config: Path) -> None:
    """Where the linear layer stays as it is, at right angles: the model is linear in its features."""
    found = []
    for dimension in ("auto", 3, 16):
        frozen = ("training.linear_learning_rate=0", "training.learning_rate=128")
        model = run(f"of-{dimension}", f"model.embedding_dim={dimension}", *frozen).model
        found.append(model.parameters.embedding @ model.parameters.weight.T + model.parameters.bias)
    assert [len(load_model(Path(f"of-{d}")).parameters.embedding[0]) for d in ("auto", 3, 16)] == [4, 3, 16]
    assert np.abs(found[0]).max() > 1
    np.testing.assert_allclose(found[0], found[1], atol=2e-4)
    np.testing.assert_allclose(found[0], found[2], atol=2e-4)


def test_a_run_from_a_model_resumes(config: Path) -> None:
    run("old")
    write_csv(config / "new.csv", [("lute sitar", "strings"), ("the apple", "fruit")] * 40)
    overrides = ("data.train=new.csv", "training.start_from=old", "training.learning_rate=0.5")
    run("whole", *overrides)
    with pytest.raises(StoppedError, match="stopped"):
        run("cut", *overrides, stopping=stopping_after(4))
    run("cut", *overrides, resume=True)
    assert model_of("cut") == model_of("whole")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.embedding_dim=7", r"model\.embedding_dim: old was trained with 4, and the config says 7"),
        ("text.lowercase=false", "text: old was trained with"),
        ("vocabulary.word_ngrams=1", r"vocabulary\.word_ngrams: old was trained with 2"),
    ],
)
def test_a_model_is_continued_only_as_it_was_built(config: Path, override: str, message: str) -> None:
    run("old")
    with pytest.raises(ConfigError, match=message):
        run("new", "training.start_from=old", override)
    with pytest.raises(ConfigError, match="cannot start from the model that it replaces"):
        run("old", "training.start_from=old", force=True)


# So few rows that one epoch in two or three is written.
SHORT = ("data.validation=null", "vocabulary.ngram_min_count=6", "training.epochs=9")


def saved_by(config: Path, monkeypatch: pytest.MonkeyPatch, folder: str, *overrides: str) -> list[int]:
    """The epochs whose ends were written by a run without validation."""
    found, plain = [], CheckpointWriter.save

    def save(self: Any, *what: Any, kept: bool, ended: bool) -> None:
        assert kept
        found.append(what[-1].epoch)
        plain(self, *what, kept=kept, ended=ended)

    with monkeypatch.context() as patched:
        patched.setattr(CheckpointWriter, "save", save)
        run(folder, *SHORT, *overrides)
    return found


def test_short_epochs_are_not_all_written(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One checkpoint for each 50 features learned for each row, and the last."""
    vocabulary = run("plain", *SHORT).model.vocabulary
    assert vocabulary.document_counts is not None
    share = int(vocabulary.document_counts.sum()) / len(vocabulary) / 50
    wanted = [epoch for epoch in range(1, 10) if int(epoch * share) > int((epoch - 1) * share)]
    assert wanted == [3, 6, 8]
    assert saved_by(config, monkeypatch, "nine") == [3, 6, 8, 9]
    assert [record["epoch"] for record in epochs_of("nine")] == [*range(1, 10)]


def test_stopped_after_an_epoch_that_is_not_written(config: Path) -> None:
    whole = run("whole", *SHORT)
    for calls in (1, 9, 10, 19, 20, 29):
        with pytest.raises(StoppedError, match="stopped"):
            run("cut", *SHORT, stopping=stopping_after(calls), force=True)
        assert not Path("cut/model.safetensors").exists()
        run("cut", *SHORT, resume=True)
        assert model_of("cut") == model_of("whole")
        assert [record["epoch"] for record in epochs_of("cut")] == [*range(1, 10)]
    assert len(whole.epochs) == 9


def test_going_back_past_epochs_that_are_not_written(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loss that is NaN once, in the sixth epoch: back to the third, and each has one line."""
    from satchel.training.engines.fused import FusedEngine

    plain, seen = FusedEngine.train, [0]
    saved = saved_by(config, monkeypatch, "whole")

    def once(self: FusedEngine, order: Any, rates: Any) -> float:
        loss = plain(self, order, rates)
        seen[0] += len(order)
        return float("nan") if seen[0] - len(order) <= 5.5 * 300 < seen[0] else loss

    monkeypatch.setattr(FusedEngine, "train", once)
    run("back", *SHORT)
    assert saved == [3, 6, 8, 9]
    halvings = {record["epoch"]: record["halvings"] for record in epochs_of("back")}
    assert [*halvings] == [*range(1, 10)]
    assert halvings == {epoch: int(epoch > 3) for epoch in range(1, 10)}


def test_a_kill_while_changed_data_are_taken_over(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between a checkpoint's two names: what is gone back to is then of the changed data, too."""
    from satchel.training.engines.fused import FusedEngine

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(StoppedError, match="after epoch 4"):
        run("cut", *SHORT, stopping=stopping_after(44))
    write_csv(config / "train.csv", [*documents(300, seed=1), *[("quince orchard", "fruit")] * 40])
    with monkeypatch.context() as patched:
        patched.setattr(CheckpointWriter, "name", killed)
        with pytest.raises(KeyboardInterrupt):
            run("cut", *SHORT, resume=True, allow_changed_data=True)
    plain, seen = FusedEngine.train, [0]

    def once(self: FusedEngine, order: Any, rates: Any) -> float:
        seen[0] += 1
        return float("nan") if seen[0] == 4 else plain(self, order, rates)

    monkeypatch.setattr(FusedEngine, "train", once)
    run("cut", *SHORT, resume=True)
    assert "going back to the end of epoch 4" in Path("cut/log.txt").read_text()
    assert [record["epoch"] for record in epochs_of("cut")] == [*range(1, 10)]


def test_an_error_after_the_last_epoch_waits_for_the_checkpoint(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RunFolderError("no space is left")

    monkeypatch.setattr("satchel.training.run.save_model", full)
    with pytest.raises(RunFolderError, match="no space is left"):
        run("full", "data.validation=null")
    assert read_checkpoint(Path("full/checkpoints/last.safetensors")).progress.epoch == 3
    assert len(epochs_of("full")) == 3
