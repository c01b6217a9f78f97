"""Exports estimators of scikit-learn, LightGBM and XGBoost, trained on data that come with scikit-learn.

    python -m venv environment
    environment/bin/pip install -r requirements.txt
    environment/bin/python export.py

Writes `exports/<estimator>-<data>.onnx.xz`, and the rows that they are shown as `exports/<data>.npy`. Training is seeded,
and its results are committed: the test material needs none of these packages.
"""

from __future__ import annotations

import lzma
from pathlib import Path

import lightgbm
import numpy as np
import xgboost
from onnxmltools.convert import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from sklearn import cluster, datasets, decomposition, ensemble, impute, linear_model, naive_bayes, neighbors, neural_network
from sklearn import preprocessing, svm, tree
from sklearn.base import clone, is_regressor
from sklearn.pipeline import make_pipeline
from skl2onnx import to_onnx

EXPORTS = Path(__file__).with_name("exports")
ROWS = 24
SEED = {"random_state": 0}


def data() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    loaded = {"iris": datasets.load_iris, "cancer": datasets.load_breast_cancer, "diabetes": datasets.load_diabetes}
    sets = {}
    for name, load in loaded.items():
        x, y = load(return_X_y=True)
        order = np.random.default_rng(0).permutation(len(x))
        sets[name] = x[order].astype(np.float32), y[order]
    gaps = sets["iris"][0].copy()
    gaps[::5, 1] = np.nan
    sets["gaps"] = gaps, sets["iris"][1]
    return sets


ESTIMATORS = {
    "logistic-regression": (make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression()), "iris", "cancer"),
    "imputer-normalizer": (make_pipeline(impute.SimpleImputer(), preprocessing.Normalizer(), linear_model.LogisticRegression()), "gaps"),
    "binarizer": (make_pipeline(preprocessing.RobustScaler(), preprocessing.Binarizer(threshold=0.1), linear_model.LogisticRegression()), "iris"),
    "bins": (make_pipeline(preprocessing.KBinsDiscretizer(4, encode="ordinal"), linear_model.LinearRegression()), "diabetes"),
    "ridge": (make_pipeline(preprocessing.MinMaxScaler(), linear_model.Ridge()), "diabetes"),
    "linear-support-vectors": (svm.LinearSVC(**SEED), "iris"),
    "decision-tree": (tree.DecisionTreeClassifier(max_depth=4, **SEED), "iris", "cancer"),
    "random-forest": (ensemble.RandomForestClassifier(8, max_depth=5, **SEED), "iris", "cancer"),
    "random-forest-regressor": (ensemble.RandomForestRegressor(5, max_depth=4, **SEED), "diabetes"),
    "extra-trees": (ensemble.ExtraTreesClassifier(6, max_depth=4, **SEED), "iris"),
    "gradient-boosting": (ensemble.GradientBoostingClassifier(n_estimators=6, **SEED), "iris", "cancer"),
    "gradient-boosting-regressor": (ensemble.GradientBoostingRegressor(n_estimators=10, **SEED), "diabetes"),
    "ada-boost": (ensemble.AdaBoostClassifier(n_estimators=4, **SEED), "iris"),
    "bagging": (ensemble.BaggingClassifier(n_estimators=3, **SEED), "iris"),
    "isolation-forest": (ensemble.IsolationForest(n_estimators=4, max_samples=64, **SEED), "iris"),
    "neighbours": (neighbors.KNeighborsClassifier(3), "iris"),
    "naive-bayes": (naive_bayes.GaussianNB(), "iris"),
    "k-means": (cluster.KMeans(3, n_init=2, **SEED), "iris"),
    "principal-components": (make_pipeline(decomposition.PCA(2), linear_model.LogisticRegression()), "iris"),
    "perceptron": (neural_network.MLPClassifier((8,), max_iter=200, **SEED), "iris"),
    "lightgbm": (lightgbm.LGBMClassifier(n_estimators=4, verbose=-1, **SEED), "iris", "cancer"),
    "lightgbm-regressor": (lightgbm.LGBMRegressor(n_estimators=5, verbose=-1, **SEED), "diabetes"),
    "xgboost": (xgboost.XGBClassifier(n_estimators=4, max_depth=4, **SEED), "iris", "cancer"),
    "xgboost-regressor": (xgboost.XGBRegressor(n_estimators=5, max_depth=4, **SEED), "diabetes"),
}  # fmt: skip


def export(name: str, model: object, x: np.ndarray):
    types = [("X", FloatTensorType([None, x.shape[1]]))]
    if name.startswith("lightgbm"):
        options = {} if is_regressor(model) else {"zipmap": False}
        return convert_lightgbm(model, initial_types=types, target_opset=15, **options)
    if name.startswith("xgboost"):
        return convert_xgboost(model, initial_types=types, target_opset=15)
    options = {id(model): {"zipmap": False}} if hasattr(model, "predict_proba") else None
    return to_onnx(model, x[:1], options=options, target_opset={"": 17, "ai.onnx.ml": 3})


def main() -> None:
    EXPORTS.mkdir(exist_ok=True)
    sets = data()
    for name, (x, _) in sets.items():
        np.save(EXPORTS / f"{name}.npy", x[:ROWS])
    for name, (model, *shown) in ESTIMATORS.items():
        for data_name in shown:
            x, y = sets[data_name]
            content = export(name, clone(model).fit(x, y), x).SerializeToString(deterministic=True)
            (EXPORTS / f"{name}-{data_name}.onnx.xz").write_bytes(lzma.compress(content, preset=9))


if __name__ == "__main__":
    main()
