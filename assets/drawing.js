/* Draws a tree of plain data (views/drawing.py): [tag, attributes, text or list of trees]. */
function drawing(element, trigger, props, watch) {
  const root = element.querySelector(".tk-view");
  const TAGS = ["div", "p", "span", "svg", "g", "rect", "circle", "path", "text", "title", "strong", "details", "summary", "table", "thead", "tbody", "tr", "th", "td"];
  const ATTRIBUTES = ["class", "width", "height", "viewBox", "preserveAspectRatio", "x", "y", "d", "cx", "cy", "r", "rx", "transform", "text-anchor", "dominant-baseline", "data-kind", "data-index", "data-place", "data-row", "data-mark", "dir", "tabindex", "scope", "role", "aria-label", "aria-hidden", "title"];

  function grow([tag, attributes, content], inside) {
    if (!TAGS.includes(tag)) throw new Error(`no drawing has <${tag}>`);
    const kept = Object.entries(attributes).filter(([name]) => ATTRIBUTES.includes(name));
    const drawn = inside || tag === "svg";
    const node = drawn ? makeSvg(tag, Object.fromEntries(kept)) : make(tag);
    if (!drawn) kept.forEach(([name, value]) => node.setAttribute(name, value));
    if (typeof content === "string") node.textContent = content;
    else node.append(...content.map((child) => grow(child, drawn)));
    return node;
  }

  function render() {
    const value = props.value;
    if (!prepare(root, props, Boolean(value && value.tree))) return;
    const folds = () => [...root.querySelectorAll("details")];
    const unfolded = folds().map((fold) => fold.open);
    root.replaceChildren(grow(value.tree, false));
    folds().forEach((fold, place) => (fold.open = Boolean(unfolded[place]))); /* more comes while something is read */
  }

  root.addEventListener("click", (event) => {
    const picked = event.target.closest("[data-index]");
    if (picked) trigger("select", { index: Number(picked.dataset.index), kind: picked.dataset.kind, shown: props.value.shown });
  });

  watch(["value", "state"], render);
  render();
}

drawing(element, trigger, unpacked(props), watch);
