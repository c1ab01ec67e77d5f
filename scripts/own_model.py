import re

import tokimp

WORTH = {"good": 2.0, "not": -1.5, "dull": -2.0}


def judge(texts):
    """Stands for a service: probabilities of two classes for each text."""
    rows = []
    for text in texts:
        odds = 2.718281828 ** sum(WORTH.get(word, 0.0) for word in re.findall(r"\w+", text.lower()))
        rows.append([1 / (1 + odds), odds / (1 + odds)])
    return rows


model = tokimp.black_box(judge, labels=["negative", "positive"])
result = tokimp.explain(model, "Not dull, but good.", "shapley_sampling", target="positive", contrast="negative")
for token, score in zip(result.tokens, result.scores, strict=True):
    print(f"{round(score, 2) + 0.0:+5.2f} {token.text}")
