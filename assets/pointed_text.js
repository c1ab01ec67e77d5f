/* Comes after token_view.js and pointing.js: the token that is pointed at stands out. */
function pointedText(element, props, watch) {
  const text = element.querySelector(".tk-view");

  pointing(element, watch, (at) => {
    const items = props.value?.tokens?.items || [];
    text.querySelectorAll("[data-place]").forEach((span) => {
      span.classList.toggle("tk-pointed", Boolean(items[span.dataset.place]?.indices.includes(at.token)));
    });
  });
}

pointedText(element, unpacked(props), watch);
