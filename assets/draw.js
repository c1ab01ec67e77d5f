/* What the views share. Text only ever becomes a text node: nothing here parses HTML. */
const SVG = "http://www.w3.org/2000/svg";

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function makeSvg(tag, attributes, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

/* Shows the state, and the sentence of an empty view; true where there is something to draw. */
function prepare(root, props, filled) {
  root.dataset.state = props.state || "ready";
  root.setAttribute("aria-busy", String(props.state === "stale"));
  root.classList.toggle("tk-empty", !filled);
  if (!filled) root.replaceChildren(make("p", "tk-hint", props.empty || ""));
  return filled;
}

/* One of the nodes can be reached by Tab, the others by arrows. */
function rove(nodes, place) {
  nodes.forEach((node, index) => node.setAttribute("tabindex", index === place ? "0" : "-1"));
}
