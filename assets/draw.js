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

/* A payload travels as JSON text, which Gradio hands on as it is: a nested value it would copy, leaf by leaf, several
   times a change, which takes seconds where a view has thousands of numbers. */
function unpacked(props) {
  let text = null;
  let payload = null;
  return {
    get value() {
      if (props.value !== text) {
        text = props.value;
        payload = text ? JSON.parse(text) : null;
      }
      return payload;
    },
    set value(next) {
      props.value = next ? JSON.stringify(next) : null;
    },
    get state() {
      return props.state;
    },
    get empty() {
      return props.empty;
    },
    get live() {
      return props.live;
    },
  };
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
