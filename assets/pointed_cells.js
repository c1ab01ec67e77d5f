/* Comes after heatmap.js and pointing.js: frames the row and the column of what is pointed at. */
function pointedCells(element, props, watch) {
  const root = element.querySelector(".tk-view");

  function mark(at) {
    const value = props.value;
    if (!value || !value.axes) return;
    root.querySelectorAll(".tk-here").forEach((cell) => cell.classList.remove("tk-here"));
    value.axes.forEach((axis, place) => {
      const index = axis === "token" && value.positions ? value.positions.indexOf(at.token) : at[axis];
      if (!Number.isInteger(index)) return;
      root.querySelectorAll(`[data-${place ? "column" : "row"}="${index}"]`).forEach((cell) => cell.classList.add("tk-here"));
    });
  }

  pointing(element, watch, mark);
}

pointedCells(element, unpacked(props), watch);
