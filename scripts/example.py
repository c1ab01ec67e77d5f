import tokimp

model = tokimp.load("smollm2-135m")
result = tokimp.explain(model, "The capital of France is", method="occlusion", contrast=" London")
print(f"{result.target.label!r} rather than {result.target.contrast_label!r}: {result.output:.2f} logits")
for token, score in zip(result.tokens, result.scores, strict=True):
    print(f"{score:+6.2f} {token.text}")
