/* Who gives how much to whom (views/inside/network.py). All shares are here, so paths are followed without the server. */
function network(element, trigger, props, watch) {
  const root = element.querySelector(".tk-view");
  const bar = make("div", "tk-sorts");
  const summary = make("p", "tk-hint");
  const box = make("div", "tk-net tk-chart");
  const readout = make("p", "tk-readout");
  const foot = make("div", "tk-legend");
  const slider = make("input");
  const least = make("b");
  const ROW = 20;
  const TOP = 30;
  let shares = null;
  let size = null;
  let layers = {};
  let chosen = [0, 0];
  let at = [0, 0];
  let drawn = null;

  box.tabIndex = 0;
  box.setAttribute("role", "group");
  readout.setAttribute("aria-live", "polite");
  slider.type = "range";
  slider.setAttribute("aria-label", "Smallest part of the chosen token that is drawn");
  bar.append(make("span", "", "show what carries at least"), slider, least, " of the chosen token");

  const share = (layer, query, key) => shares[(layer * size.rows + query) * size.rows + key];

  /* What of the chosen node comes along each edge and through each node. */
  function flows([start, row]) {
    const nodes = Array.from({ length: size.columns }, () => new Float64Array(size.rows));
    const found = [];
    const carry = (layer, near, far, back) => {
      for (let one = 0; one < size.rows; one += 1) {
        if (!nodes[near][one]) continue;
        for (let other = 0; other < size.rows; other += 1) {
          const [query, key] = back ? [one, other] : [other, one];
          const flow = nodes[near][one] * share(layer, query, key);
          nodes[far][other] += flow;
          if (flow >= props.value.thresholds[0]) found.push({ layer, query, key, flow });
        }
      }
    };
    nodes[start][row] = 1;
    for (let column = start - 1; column >= 0; column -= 1) carry(column, column + 1, column, true);
    for (let column = start; column < size.columns - 1; column += 1) carry(column, column, column + 1, false);
    found.sort((one, other) => other.flow - one.flow);
    return { nodes, edges: found.slice(0, props.value.most) };
  }

  function measured(labels) {
    const pen = make("canvas").getContext("2d");
    pen.font = `13px ${getComputedStyle(root).fontFamily}`;
    return Math.min(root.clientWidth < 480 ? 80 : 150, Math.max(...labels.map((label) => pen.measureText(label).width)));
  }

  function layout(value) {
    const beside = Math.ceil(measured(value.labels)) + 14;
    const columns = value.columns.length;
    const apart = Math.max(16, Math.min(240, Math.floor((root.clientWidth - 2 * beside) / (columns - 1))));
    const [width, height] = [2 * beside + apart * (columns - 1), TOP + ROW * value.labels.length];
    return { seen: root.clientWidth, columns, rows: value.labels.length, beside, apart, width, height };
  }

  const x = (column) => size.beside + size.apart * column;
  const y = (row) => TOP + ROW * (row + 0.5) - 4;

  function ribbon({ layer, query, key }, width) {
    const [start, end] = [x(layer), x(layer + 1)];
    const middle = (start + end) / 2;
    const [high, low] = [y(key) - width / 2, y(query) - width / 2];
    const there = `M${start} ${high}C${middle} ${high} ${middle} ${low} ${end} ${low}`;
    return `${there}v${width}C${middle} ${low + width} ${middle} ${high + width} ${start} ${high + width}z`;
  }

  function shade(flow) {
    const { classes } = props.value;
    return classes[Math.round((classes.length - 1) * Math.sqrt(Math.min(flow, 1)))];
  }

  function ground(value) {
    const parts = [];
    const line = (row) => makeSvg("path", { class: "tk-grid", d: `M${x(0)} ${y(row)}H${x(size.columns - 1)}` });
    value.labels.forEach((label, row) => {
      const facts = { y: y(row), "dominant-baseline": "central", "data-row": row };
      const end = row === value.answer ? "tk-heading" : "tk-axis";
      parts.push(line(row), makeSvg("text", { ...facts, class: "tk-axis", x: x(0) - 8, "text-anchor": "end" }, label));
      parts.push(makeSvg("text", { ...facts, class: end, x: x(size.columns - 1) + 8 }, label));
    });
    value.columns.forEach((name, column) => {
      if (size.apart < 20 && column % 2) return;
      const narrow = size.apart < (value.columns.some((each) => / layer /.test(each)) ? 76 : 34);
      const text = narrow ? value.briefly[column] : name.replace("layer ", "");
      parts.push(makeSvg("text", { class: "tk-axis", x: x(column), y: 14, "text-anchor": "middle" }, text));
    });
    const grey = value.strongest.map(([layer, query, key]) => {
      const d = ribbon({ layer, query, key }, 0.5 + 2 * share(layer, query, key));
      return makeSvg("path", { class: "tk-patch tk0", d });
    });
    return [...parts, ...grey.reverse()];
  }

  function follow(node) {
    const value = props.value;
    const limit = value.thresholds[Number(slider.value)];
    const { nodes, edges } = flows(node);
    const parts = edges.filter((edge) => edge.flow >= limit).map((edge) =>
      makeSvg("path", { class: `tk-patch ${shade(edge.flow)}`, d: ribbon(edge, 0.6 + 8 * Math.min(edge.flow, 1)) }));
    parts.reverse();
    nodes.forEach((flow, column) => flow.forEach((part, row) => {
      const here = column === node[0] && row === node[1];
      if (part < limit && !here) return;
      const facts = { cx: x(column), cy: y(row), r: here ? 5 : 2 + 2 * Math.min(part, 1) };
      parts.push(makeSvg("circle", { class: `${here ? "tk-picked" : "tk-patch"} ${shade(part)}`, ...facts }));
    }));
    layers.way.replaceChildren(...parts);
    least.textContent = value.marks[Number(slider.value)];
    tell(node, nodes);
  }

  const word = (row) => make("bdi", "", `“${props.value.names[row]}”`);

  function named(flow) {
    const order = [...flow.keys()].sort((one, other) => flow[other] - flow[one]).slice(0, 3);
    const parts = order.filter((row, place) => !place || flow[row] >= props.value.thresholds[0]);
    return parts.flatMap((row, place) => [place ? ", " : "", word(row), ` ${percents(flow[row])}`]);
  }

  function tell([column, row], nodes) {
    const parts = [word(row), `, ${props.value.columns[column]}: `];
    if (column > 0) parts.push("made of ", ...named(nodes[0]));
    if (column > 0 && column < size.columns - 1) parts.push("; ");
    if (column < size.columns - 1) parts.push("part of the output of ", ...named(nodes[size.columns - 1]));
    readout.replaceChildren(...parts);
  }

  function legend(value) {
    const scale = make("span", "tk-scale");
    for (const name of value.classes) scale.append(make("i", name));
    const marks = make("span", "tk-marks");
    marks.append(...value.scale.map((number) => make("b", "", number)));
    const both = make("span", "tk-ramp");
    both.append(scale, marks);
    foot.replaceChildren(both, make("span", "", "share of the chosen token that comes this way · grey: other strong edges"));
  }

  function draw() {
    const value = props.value;
    if (!value || !shares || !root.clientWidth) return;
    size = layout(value);
    layers = { ground: makeSvg("g", {}), way: makeSvg("g", {}) };
    layers.ground.append(...ground(value));
    const drawing = makeSvg("svg", { width: size.width, height: size.height, "aria-hidden": "true" });
    drawing.append(layers.ground, layers.way);
    box.replaceChildren(drawing);
    box.scrollLeft = x(chosen[0]) + size.beside - root.clientWidth;
    follow(chosen);
  }

  function render() {
    const value = props.value;
    if (!prepare(root, props, Boolean(value && value.shares))) {
      shares = null;
      return;
    }
    chosen = [...value.chosen];
    at = chosen;
    if (drawn !== value.shares || box.parentNode !== root) {
      drawn = value.shares;
      shares = halves(value.shares);
      slider.max = value.thresholds.length - 1;
      slider.value = value.usual;
      legend(value);
      if (box.parentNode !== root) root.replaceChildren(bar, box, readout, foot, summary);
      size = null;
    }
    box.setAttribute("aria-label", `${value.title}: arrow keys move from node to node, Enter chooses`);
    summary.textContent = value.summary;
    if (size) follow(chosen);
    else draw();
  }

  function nodeAt(event) {
    const bounds = box.firstChild.getBoundingClientRect();
    const column = Math.round((event.clientX - bounds.left - size.beside) / size.apart);
    const row = Math.round((event.clientY - bounds.top - y(0)) / ROW);
    return column >= 0 && column < size.columns && row >= 0 && row < size.rows ? [column, row] : null;
  }

  function look(node) {
    if (node[0] === at[0] && node[1] === at[1]) return;
    at = node;
    follow(node);
  }

  function pick(node) {
    chosen = node;
    at = node;
    follow(node);
    trigger("select", { index: props.value.rows[node[1]], kind: "token", layer: node[0], value: props.value.names[node[1]] });
  }

  box.addEventListener("keydown", (event) => {
    if (!size || event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
    if (steps[event.key]) {
      const far = [size.columns - 1, size.rows - 1];
      look(at.map((place, axis) => Math.max(0, Math.min(place + steps[event.key][axis], far[axis]))));
    } else if (event.key === "Enter" || event.key === " ") pick(at);
    else if (event.key === "Escape") look(chosen);
    else return;
    event.preventDefault();
  });
  box.addEventListener("pointermove", (event) => {
    const node = size && nodeAt(event);
    if (node) look(node);
  });
  box.addEventListener("pointerleave", () => size && look(chosen));
  box.addEventListener("click", (event) => {
    const node = size && nodeAt(event);
    if (node) pick(node);
  });
  slider.addEventListener("input", () => size && follow(at));
  new ResizeObserver(() => shares && size?.seen !== root.clientWidth && draw()).observe(root);
  watch(["value", "state"], render);
  render();
  pointing(element, watch, ({ token, layer }) => {
    if (!shares) return;
    const row = props.value.rows.indexOf(token);
    const last = props.value.columns.length - 1;
    chosen = [last === 1 ? 1 : Math.min(layer ?? last, last), row < 0 ? props.value.answer : row];
    at = chosen;
    if (size) follow(chosen);
  });
}

network(element, trigger, unpacked(props), watch);
