function heatmap(element, trigger, props, watch) {
  const root = element.querySelector(".tk-view");
  const box = make("div", "tk-heat");
  const readout = make("p", "tk-readout");
  let cells = [];
  let at = [0, 0];

  box.tabIndex = 0;
  box.setAttribute("role", "group");
  readout.setAttribute("aria-live", "polite");

  function columnLabel(label, place, size) {
    const x = size.left + place * size.cell + (size.cell - size.gap) / 2;
    const y = size.top - 9;
    const turn = size.slanted ? { transform: `rotate(-45 ${x} ${y})` } : { "text-anchor": "middle" };
    return makeSvg("text", { class: "tk-axis", x, y, ...turn }, label);
  }

  function rowLabel(label, place, size) {
    const y = size.top + place * size.row + (size.row - size.gap) / 2;
    const position = { x: size.left - 8, y, "text-anchor": "end", "dominant-baseline": "central" };
    return makeSvg("text", { class: "tk-axis", ...position }, label);
  }

  function cell(value, row, column) {
    const size = value.geometry;
    const [x, y] = [size.left + column * size.cell, size.top + row * size.row];
    const [width, height] = [size.cell - size.gap, size.row - size.gap];
    const group = makeSvg("g", { class: value.classes[row][column], "data-row": row, "data-column": column });
    group.append(makeSvg("rect", { x, y, width, height, rx: 2 }));
    if (size.numbers) {
      const middle = { x: x + width / 2, y: y + height / 2, "text-anchor": "middle", "dominant-baseline": "central" };
      group.append(makeSvg("text", middle, value.numbers[row][column]));
    }
    return group;
  }

  function render() {
    const value = props.value;
    if (!prepare(root, props, Boolean(value && value.rows))) return;
    const size = value.geometry;
    const drawing = makeSvg("svg", { width: size.width, height: size.height, "aria-hidden": "true" });
    value.columns.forEach((label, place) => drawing.append(columnLabel(label, place, size)));
    value.rows.forEach((label, place) => drawing.append(rowLabel(label, place, size)));
    cells = value.rows.map((_, row) => value.columns.map((__, column) => cell(value, row, column)));
    cells.forEach((row) => drawing.append(...row));
    at = [Math.min(at[0], cells.length - 1), Math.min(at[1], cells[0].length - 1)];
    box.setAttribute("aria-label", `${value.title || "Heatmap"}: ${value.axes.join(" by ")}, arrow keys read its cells`);
    box.replaceChildren(drawing);
    readout.textContent = "";
    if (box.parentNode !== root) root.replaceChildren(box, readout);
  }

  function show(row, column) {
    const value = props.value;
    readout.replaceChildren(
      make("bdi", "", value.names[0][row].trim()),
      " × ",
      make("bdi", "", value.names[1][column].trim()),
      `: ${[value.numbers[row][column], value.effects[row][column]].filter(Boolean).join(", ")}`,
    );
  }

  function go(row, column) {
    cells[at[0]][at[1]].classList.remove("tk-at");
    at = [Math.max(0, Math.min(row, cells.length - 1)), Math.max(0, Math.min(column, cells[0].length - 1))];
    const group = cells[at[0]][at[1]];
    group.classList.add("tk-at");
    group.scrollIntoView({ block: "nearest", inline: "nearest" });
    show(...at);
  }

  box.addEventListener("keydown", (event) => {
    const [row, column] = at;
    const targets = {
      ArrowRight: [row, column + 1],
      ArrowLeft: [row, column - 1],
      ArrowDown: [row + 1, column],
      ArrowUp: [row - 1, column],
      Home: [row, 0],
      End: [row, Infinity],
    };
    if (!targets[event.key] || !cells.length || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    go(...targets[event.key]);
  });
  box.addEventListener("focus", () => box.matches(":focus-visible") && cells.length && go(...at));
  box.addEventListener("blur", () => cells.length && cells[at[0]][at[1]].classList.remove("tk-at"));
  box.addEventListener("pointerover", (event) => {
    const group = event.target.closest("[data-row]");
    if (group) show(Number(group.dataset.row), Number(group.dataset.column));
  });
  box.addEventListener("click", (event) => {
    const group = event.target.closest("[data-row]");
    if (!group) return;
    const [row, column] = [Number(group.dataset.row), Number(group.dataset.column)];
    go(row, column);
    trigger("select", { index: [row, column], value: props.value.numbers[row][column] });
  });

  watch(["value", "state"], render);
  render();
}

heatmap(element, trigger, unpacked(props), watch);
