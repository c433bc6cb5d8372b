from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from satchel.data import batches
from satchel.data.settings import VocabularySettings
from satchel.errors import DataError
from satchel.evaluation.documents import Sample, sample_documents
from satchel.evaluation.projection import project, project_documents
from satchel.evaluation.vectors import neighbours, ngram_names, top_features
from satchel.model.modelfile import Model
from satchel.model.predictor import Predictor
from tests.evaluation.models import arrow, random_model


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return random_model(tmp_path, vocabulary=VocabularySettings(char_ngrams=None, ngram_min_count=1))


def test_neighbours_are_the_nearest_by_cosine(model: Model) -> None:
    rows = model.vocabulary.row_of_word()
    own = model.parameters.embedding[rows["iron"]].astype(np.float64)
    cosines = {
        word: float(vector @ own / np.linalg.norm(vector) / np.linalg.norm(own))
        for word, row in rows.items()
        if word != "iron"
        for vector in [model.parameters.embedding[row].astype(np.float64)]
    }
    found = neighbours(model, "IRON", 4)
    assert [feature.name for feature in found] == sorted(cosines, key=lambda word: -cosines[word])[:4]
    assert [feature.score for feature in found] == pytest.approx(sorted(cosines.values(), reverse=True)[:4])
    assert found[0].count == model.vocabulary.counts[rows[found[0].name]]


def test_an_unknown_word_is_refused(model: Model) -> None:
    with pytest.raises(
        DataError, match=r"'coper': the model does not know this word \(did you mean 'copper'"
    ):
        neighbours(model, "coper", 3)


def test_features_of_a_class_are_ranked_by_the_centred_logit(model: Model) -> None:
    weight = model.parameters.weight.astype(np.float64)
    scores = model.parameters.embedding.astype(np.float64) @ (weight[1] - weight.mean(axis=0))
    words = {word: scores[row] for word, row in model.vocabulary.row_of_word().items()}
    (metal,) = top_features(model, [1], 3)
    assert metal.label == "metal"
    assert [f.name for f in metal.positive] == sorted(words, key=lambda word: -words[word])[:3]
    assert [f.name for f in metal.negative] == sorted(words, key=lambda word: words[word])[:3]
    assert metal.negative[0].score == pytest.approx(min(words.values()), rel=1e-5)


def test_ngrams_are_named_where_they_occur(model: Model) -> None:
    names = ngram_names(model, [arrow("the iron of zqx"), arrow("nothing zqx")])
    assert set(names) <= set(range(len(model.vocabulary)))
    assert not set(names) & set(model.vocabulary.word_rows.tolist())
    everything = top_features(model, [0], len(model.vocabulary), texts=[arrow("the iron of")])
    spelt = {f.name for f in (*everything[0].positive, *everything[0].negative)}
    assert {name for name in spelt if " " in name} == set(names.values()) - {"nothing zqx"}


def test_rare_features_can_be_passed_over(model: Model) -> None:
    (fruit,) = top_features(model, [0], 100, least_count=20)
    assert {f.count >= 20 for f in (*fruit.positive, *fruit.negative)} == {True}


def test_pca_is_that_of_scikit_learn(model: Model) -> None:
    decomposition = pytest.importorskip("sklearn.decomposition")
    projection = project(model, shown="words", words=20)
    assert len(projection.points) == 20
    rows = model.vocabulary.row_of_word()
    vectors = model.parameters.embedding[[rows[point.name] for point in projection.points]].astype(np.float64)
    pca = decomposition.PCA(2)
    expected = pca.fit_transform(vectors)
    found = np.array([(point.x, point.y) for point in projection.points])
    assert np.abs(found) == pytest.approx(np.abs(expected), abs=1e-5)
    assert projection.explained == pytest.approx(pca.explained_variance_ratio_.sum(), abs=1e-6)


def test_labels_and_words_share_a_map(model: Model) -> None:
    projection = project(model, words=10)
    assert [point.name for point in projection.points if point.kind == "label"] == ["fruit", "metal", "music"]
    lines = projection.to_tsv().splitlines()
    assert lines[0].split("\t") == ["name", "kind", "label", "x", "y", "count", "predicted"]
    assert len(lines) == 14
    assert [point.kind for point in project(model, shown="labels").points] == ["label"] * 3


def test_tsne_gives_a_place_to_each(model: Model) -> None:
    pytest.importorskip("sklearn.manifold")
    projection = project(model, words=12, method="tsne")
    assert len({(point.x, point.y) for point in projection.points}) == 15
    assert projection.explained is None


def batch(texts: list[str], labels: list[list[str]]) -> pa.RecordBatch:
    return batches.make_batch(
        arrow(*texts),
        pa.array(range(len(texts))),
        source="x.csv",
        labels=pa.array(labels, batches.LABELS_TYPE),
    )


def test_documents_lie_where_their_vectors_are(model: Model) -> None:
    decomposition = pytest.importorskip("sklearn.decomposition")
    texts = ["iron and copper", "apple pear", "violin opera the", "iron violin", ""]
    labels = [["metal"], ["fruit"], ["music"], ["metal"], ["new"]]
    sample = sample_documents([batch(texts[:3], labels[:3]), batch(texts[3:], labels[3:])], 10, seed=1)
    projection = project_documents(model, sample, labels=False)
    predictor = Predictor(model, 1)
    bags = predictor.encoder.encode(arrow(*texts)).bags
    assert bags.weights is not None
    vectors = np.zeros((5, model.parameters.embedding.shape[1]))
    for number, (begin, end) in enumerate(pairwise(bags.offsets.tolist())):
        rows = model.parameters.embedding[bags.ids[begin:end]].astype(np.float64)
        vectors[number] = (rows * bags.weights[begin:end, None]).sum(axis=0)
    expected = decomposition.PCA(2).fit_transform(vectors)
    found = np.array([(point.x, point.y) for point in projection.points])
    assert np.abs(found) == pytest.approx(np.abs(expected), abs=1e-5)
    best = predictor.predict(arrow(*texts)).probabilities.argmax(axis=1)
    assert [point.predicted for point in projection.points] == [model.labels.labels[c] for c in best]
    assert [point.label for point in projection.points] == ["metal", "fruit", "music", "metal", "new"]
    assert [point.name for point in projection.points] == texts
    assert {point.kind for point in projection.points} == {"document"}


def test_of_several_labels_the_most_probable_colours(model: Model) -> None:
    sample = sample_documents([batch(["iron copper apple"], [["fruit", "metal"]])], 1, seed=1)
    (document, *labels) = project_documents(model, sample).points
    row = Predictor(model, 1).predict(sample.texts).probabilities[0]
    assert document.label == ("fruit" if row[0] > row[1] else "metal")
    assert [point.name for point in labels] == ["fruit", "metal", "music"]
    unlabelled = Sample(sample.texts, None)
    assert project_documents(model, unlabelled).points[0].label == model.labels.labels[int(row.argmax())]


def test_a_sample_is_drawn_evenly_and_in_order() -> None:
    texts = [f"text {number}" for number in range(1000)]
    parts = [batch(texts[at : at + 70], [["a"]] * len(texts[at : at + 70])) for at in range(0, 1000, 70)]
    counts = np.zeros(1000)
    for seed in range(200):
        drawn = [int(text.split()[1]) for text in sample_documents(parts, 50, seed).texts.to_pylist()]
        assert drawn == sorted(set(drawn))
        assert len(drawn) == 50
        counts[drawn] += 1
    tenths = counts.reshape(10, 100).sum(axis=1)  # 1,000 expected of each, with a deviation of 29
    assert np.abs(tenths - 1000).max() < 150
    assert sample_documents(parts, 50, 3).texts == sample_documents(parts, 50, 3).texts
    assert len(sample_documents(parts, 5000, 1).texts) == 1000
    with pytest.raises(DataError, match="there is no document"):
        sample_documents([], 5, 1)
