/* Comes after token_view.js and pointing.js: the token that is pointed at stands out, and so does the answer behind a text. */
function pointedText(element, props, watch) {
  const text = element.querySelector(".tk-view");
  const itemOf = (span) => (props.value?.tokens?.items || [])[span.dataset.place];
  const spans = () => [...text.querySelectorAll("[data-place]")];

  function answer() {
    const said = spans().filter((span) => itemOf(span)?.answer);
    spans().forEach((span) => span.classList.toggle("tk-written", said.includes(span)));
    said[0]?.classList.add("tk-written-first");
  }

  watch(["value", "state"], answer);
  answer();
  pointing(element, watch, (at) => {
    spans().forEach((span) => span.classList.toggle("tk-pointed", Boolean(itemOf(span)?.indices.includes(at.token))));
  });
}

pointedText(element, unpacked(props), watch);
