/* The matrix of an explained answer; comes before generation.js. It is one stop of the Tab key, in which arrow keys move
   a frame from cell to cell. `at()` is the payload of the moment; `tell(lines, box)` shows lines beside a box of the
   screen, `hush()` takes them away; `pick(row, place)` is what Enter and a click do, whose place is undefined where no
   cell was meant. */
function answerCells(root, at, { tell, hush, meaning, pick }) {
  const frame = make("div", "tk-cell-at");
  let cell = [0, 0];

  frame.id = "tk-cell-at";
  frame.setAttribute("role", "img");

  function box() {
    return root.querySelector(".tk-generation > .tk-wide");
  }

  /* Columns of the row's cells: none stands where a token was not yet written. */
  function places(row) {
    return at().grid.columns.filter((place) => place < at().stops[row + 1].numbers.length);
  }

  function facts(row, place) {
    const { names, spoken, stops } = at();
    const stop = stops[row + 1];
    const said = [stop.numbers[place], meaning(stop.numbers[place], stop.maybe.includes(place))].filter(Boolean);
    return { lines: [`${names[place]} → ${names[stop.place]}`, ...said], label: [spoken[place], stop.head, ...said].join(", ") };
  }

  function walk(row, column) {
    const { grid, stops } = at();
    const line = Math.max(0, Math.min(row, stops.length - 2));
    const known = places(line);
    if (!known.length) return;
    cell = [line, Math.max(0, Math.min(column, known.length - 1))];
    const hit = box().querySelector(`rect[data-row="${line}"]`);
    const { lines, label } = facts(line, known[cell[1]]);
    const [left, width] = [grid.left + cell[1] * grid.cell, grid.cell - 1];
    Object.assign(frame.style, { left: `${left}px`, top: `${hit.getAttribute("y")}px`, width: `${width}px`, height: `${hit.getAttribute("height")}px` });
    frame.setAttribute("aria-label", label);
    if (frame.parentNode !== box()) box().append(frame);
    box().setAttribute("aria-activedescendant", frame.id);
    frame.scrollIntoView({ block: "nearest", inline: "nearest" });
    tell(lines, frame.getBoundingClientRect());
  }

  function enter() {
    pick(cell[0], places(cell[0])[cell[1]]);
  }

  /* The column that is pointed at, which may be none. */
  function columnAt(event, row) {
    const column = Math.floor((event.clientX - row.ownerSVGElement.getBoundingClientRect().left - at().grid.left) / at().grid.cell);
    return column >= 0 && column < places(Number(row.dataset.row)).length ? column : undefined;
  }

  return {
    /* What each key does there. */
    moves() {
      const [row, column] = cell;
      const to = (line, place) => () => walk(line, place);
      const sideways = { ArrowRight: to(row, column + 1), ArrowLeft: to(row, column - 1), Home: to(row, 0), End: to(row, Infinity) };
      return { ...sideways, ArrowDown: to(row + 1, column), ArrowUp: to(row - 1, column), Enter: enter, " ": enter, Escape: hush };
    },
    /* A new matrix stands there, or the keyboard came to it. */
    resume() {
      walk(...cell);
    },
    leave() {
      frame.remove();
      box()?.removeAttribute("aria-activedescendant");
    },
    holds(node) {
      return Boolean(node) && node === box();
    },
    describe() {
      const label = box()?.getAttribute("aria-label");
      if (label) box().setAttribute("aria-label", `${label}: arrow keys read its cells, Enter chooses the row, and again asks why`);
    },
    point(event, row) {
      const column = columnAt(event, row);
      if (column === undefined) return hush();
      const left = row.ownerSVGElement.getBoundingClientRect().left + at().grid.left + column * at().grid.cell;
      const { top, bottom, height } = row.getBoundingClientRect();
      const line = Number(row.dataset.row);
      return tell(facts(line, places(line)[column]).lines, { left, top, bottom, height, width: at().grid.cell });
    },
    click(event, row) {
      const line = Number(row.dataset.row);
      const column = columnAt(event, row);
      if (column !== undefined) cell = [line, column];
      pick(line, places(line)[column]);
    },
    focus() {
      box()?.focus({ preventScroll: true });
    },
  };
}
