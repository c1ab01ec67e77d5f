/* One map of attention, queries downwards and keys to the right (views/inside/attention.py): cells on a canvas, labels and frames over it. */
function attentionMap(element, trigger, props, watch) {
  const root = element.querySelector(".tk-view");
  const box = make("div", "tk-map");
  const canvas = make("canvas");
  const over = makeSvg("svg", { "aria-hidden": "true" });
  const readout = make("p", "tk-readout");
  const foot = make("div", "tk-legend");
  const LETTER = 12;
  let values = null;
  let size = null;
  let at = [0, 0];
  let chosen = { query: null, key: null };
  let frames = {};

  box.tabIndex = 0;
  box.setAttribute("role", "group");
  readout.setAttribute("aria-live", "polite");
  box.append(canvas, over);

  function measured(labels) {
    const pen = canvas.getContext("2d");
    pen.font = `${LETTER}px ${getComputedStyle(root).fontFamily}`;
    const most = root.clientWidth < 480 ? 80 : 140;
    return Math.min(most, Math.max(0, ...labels.map((label) => pen.measureText(label).width)));
  }

  /* The tokens of an axis: keys may be the queries. */
  const side = (axis) => props.value[axis === "key" ? "keys" : "queries"] || props.value.queries;

  function layout() {
    const [rows, columns] = [side("query").labels.length, side("key").labels.length];
    const [beside, above] = ["query", "key"].map((axis) => Math.ceil(measured(side(axis).labels)));
    const [left, top, beyond] = [beside + 10, Math.ceil(above * 0.71) + 14, Math.ceil(above * 0.71)];
    const room = root.clientWidth - left - Math.min(beyond, 40) - 2;
    const cell = Math.max(1, Math.min(24, Math.floor(room / columns)));
    const [wide, high, every] = [cell * columns, cell * rows, Math.ceil((LETTER + 4) / cell)];
    return { width: root.clientWidth, left, top, cell, rows, columns, wide, high, every, beyond };
  }

  function paint(value) {
    const colours = palette(root, value.classes);
    const image = new ImageData(size.columns, size.rows);
    const pixels = new Uint32Array(image.data.buffer);
    const top = value.top || 1;
    for (let place = 0; place < pixels.length; place += 1) {
      pixels[place] = colours[Math.min(255, Math.round(255 * Math.sqrt(values[place] / top)))];
    }
    canvas.width = size.columns;
    canvas.height = size.rows;
    canvas.getContext("2d").putImageData(image, 0, 0);
    Object.assign(canvas.style, { left: `${size.left}px`, top: `${size.top}px`, width: `${size.wide}px`, height: `${size.high}px` });
  }

  function label(text, place, axis) {
    const middle = (place + 0.5) * size.cell;
    const [x, y] = axis === "query" ? [size.left - 6, size.top + middle] : [size.left + middle, size.top - 7];
    const turn = axis === "query" ? { "text-anchor": "end" } : { transform: `rotate(-45 ${x} ${y})` };
    const node = makeSvg("text", { x, y, "dominant-baseline": "central", ...turn }, text);
    node.dataset[axis] = place;
    return node;
  }

  function annotate() {
    const parts = [];
    for (const axis of ["query", "key"]) {
      side(axis).labels.forEach((text, place) => {
        if (place % size.every === 0) parts.push(label(text, place, axis));
      });
    }
    frames = { row: makeSvg("rect", { class: "tk-band" }), column: makeSvg("rect", { class: "tk-band" }), cell: makeSvg("rect", { class: "tk-cursor" }) };
    parts.push(...Object.values(frames));
    over.setAttribute("width", size.left + size.wide + Math.min(size.beyond, 40));
    over.setAttribute("height", size.top + size.high + 3);
    over.replaceChildren(...parts);
    frame();
  }

  function place(rect, x, y, width, height, shown) {
    rect.setAttribute("visibility", shown ? "visible" : "hidden");
    if (shown) for (const [name, value] of Object.entries({ x, y, width, height })) rect.setAttribute(name, value);
  }

  function frame() {
    const { left, top, cell, wide, high } = size;
    place(frames.row, left - 0.5, top + chosen.query * cell - 0.5, wide + 1, cell + 1, chosen.query !== null);
    place(frames.column, left + chosen.key * cell - 0.5, top - 0.5, cell + 1, high + 1, chosen.key !== null);
    frames.cell.setAttribute("visibility", "hidden");
  }

  function legend(value) {
    const scale = make("span", "tk-scale");
    for (const name of value.classes) scale.append(make("i", name));
    const [low, middle, high] = value.scale;
    const marks = make("span", "tk-marks");
    marks.append(make("b", "", low), make("b", "", middle), make("b", "", high));
    const both = make("span", "tk-ramp");
    both.append(scale, marks);
    foot.replaceChildren(both, make("span", "", value.unit));
  }

  function draw() {
    const value = props.value;
    if (!value || !values || !root.clientWidth) return;
    size = layout();
    paint(value);
    annotate();
  }

  function render() {
    const value = props.value;
    if (!prepare(root, props, Boolean(value && value.values))) {
      values = null;
      return;
    }
    values = halves(value.values);
    chosen = { ...value.selected };
    const last = ["query", "key"].map((axis) => side(axis).labels.length - 1);
    at = [Math.min(chosen.query ?? at[0], last[0]), Math.min(chosen.key ?? at[1], last[1])];
    box.setAttribute("aria-label", `${value.title || "Attention"}: queries by keys, arrow keys read cells, Enter chooses`);
    legend(value);
    readout.textContent = "";
    if (box.parentNode !== root) root.replaceChildren(box, readout, foot);
    draw();
  }

  function tell(query, key) {
    const number = threeDigits(values[query * size.columns + key]);
    const word = (axis, place) => make("bdi", "", `“${side(axis).names[place]}”`);
    readout.replaceChildren(word("query", query), " → ", word("key", key), `: ${number}`);
  }

  function cursor(query, key) {
    const { left, top, cell } = size;
    place(frames.cell, left + key * cell - 0.5, top + query * cell - 0.5, cell + 1, cell + 1, true);
    tell(query, key);
  }

  function cellOf(event) {
    const bounds = canvas.getBoundingClientRect();
    const [key, query] = [event.clientX - bounds.left, event.clientY - bounds.top].map((far) => Math.floor(far / size.cell));
    return query >= 0 && query < size.rows && key >= 0 && key < size.columns ? [query, key] : null;
  }

  function choose(query, key) {
    chosen = { query, key };
    at = [query ?? at[0], key ?? at[1]];
    frame();
  }

  function pick(query, key) {
    choose(query, key);
    cursor(query, key);
    const index = [query + side("query").first, key + side("key").first];
    trigger("select", { index, kind: "cell", value: values[query * size.columns + key] });
  }

  box.addEventListener("keydown", (event) => {
    if (!size || event.ctrlKey || event.metaKey || event.altKey) return;
    const [query, key] = at;
    const far = { PageUp: [query - 10, key], PageDown: [query + 10, key], Home: [query, 0], End: [query, Infinity] };
    const near = { ArrowRight: [query, key + 1], ArrowLeft: [query, key - 1], ArrowDown: [query + 1, key], ArrowUp: [query - 1, key] };
    const target = near[event.key] || far[event.key];
    if (target) {
      const last = [size.rows - 1, size.columns - 1];
      at = target.map((each, axis) => Math.max(0, Math.min(each, last[axis])));
      cursor(...at);
    } else if (event.key === "Enter" || event.key === " ") pick(...at);
    else if (event.key === "Escape") choose(null, null);
    else return;
    event.preventDefault();
  });
  box.addEventListener("focus", () => box.matches(":focus-visible") && size && cursor(...at));
  box.addEventListener("blur", () => size && frames.cell.setAttribute("visibility", "hidden"));
  box.addEventListener("pointermove", (event) => {
    const cell = size && cellOf(event);
    if (cell) cursor(...cell);
  });
  box.addEventListener("pointerleave", () => size && frames.cell.setAttribute("visibility", "hidden"));
  box.addEventListener("click", (event) => {
    const text = event.target.closest("text");
    const cell = size && !text && cellOf(event);
    if (cell) pick(...cell);
    if (!text) return;
    const axis = "query" in text.dataset ? "query" : "key";
    const place = Number(text.dataset[axis]);
    choose(axis === "query" ? place : null, axis === "key" ? place : null);
    trigger("select", { index: place + side(axis).first, kind: "token", axis, value: side(axis).names[place] });
  });

  new ResizeObserver(() => values && size?.width !== root.clientWidth && draw()).observe(root);
  onTheme(root, () => size && values && paint(props.value));
  watch(["value", "state"], render);
  render();

  /* A token's place on an axis; null where it is none of its tokens. */
  function placeOf(token, axis) {
    const { first, labels } = side(axis);
    return token !== null && token >= first && token < first + labels.length ? token - first : null;
  }

  pointing(element, watch, ({ token, key }) => {
    if (!values || !size) return;
    const query = placeOf(token, "query");
    choose(query, placeOf(query === null ? (key ?? token) : key, "key"));
  });
}

attentionMap(element, trigger, unpacked(props), watch);
