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
   times a change, which takes seconds where a view has thousands of numbers. A long one travels packed (ui/components.py);
   until it is unpacked, the view stays as it was. */
const held = { text: null, payload: null, coming: null, own: undefined };
const renders = [];
const hear = watch;

watch = (names, render) => {
  renders.push(render);
  hear(names, () => current() && render());
};

async function inflated(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

/* Whether the payload at hand is that of the moment; if not, all is drawn once it is. */
function current() {
  const text = props.value;
  if (text === held.text) return true;
  if (!text || text.startsWith("{")) {
    Object.assign(held, { text, payload: text ? JSON.parse(text) : null });
    return true;
  }
  if (text === held.coming) return false;
  Object.assign(held, { coming: text, own: undefined });
  inflated(text).then((payload) => {
    if (props.value !== text && (props.value !== held.own || held.coming !== text)) return;
    props.value = text; /* also where a visitor chose something meanwhile: see own.js */
    Object.assign(held, { text, payload });
    renders.forEach((render) => render());
  });
  return false;
}

function unpacked(props) {
  return {
    get value() {
      current();
      return held.payload;
    },
    set value(next) {
      held.own = next ? JSON.stringify(next) : null;
      props.value = held.own;
    },
    get state() {
      return props.state;
    },
    get empty() {
      return facts.empty; /* an update of props leaves out what it does not change */
    },
    get live() {
      return facts.live;
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
