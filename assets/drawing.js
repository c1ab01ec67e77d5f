/* Draws a tree of plain data (views/drawing.py): [tag, attributes, text or list of trees]. */
function drawing(element, props, watch) {
  const root = element.querySelector(".tk-view");
  const TAGS = ["div", "p", "span", "svg", "g", "path", "text", "title"];
  const ATTRIBUTES = ["class", "width", "height", "viewBox", "preserveAspectRatio", "x", "y", "d", "text-anchor", "role", "aria-label", "aria-hidden"];

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
    if (prepare(root, props, Boolean(value && value.tree))) root.replaceChildren(grow(value.tree, false));
  }

  watch(["value", "state"], render);
  render();
}

drawing(element, props, watch);
