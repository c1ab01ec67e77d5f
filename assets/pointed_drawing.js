/* Comes after drawing.js and pointing.js: dots of the token or layer that is pointed at stand out; those of one layer
   in several charts are joined. */
function pointedDrawing(element, watch) {
  const root = element.querySelector(".tk-view");

  function mark(at) {
    const drawing = root.querySelector("svg");
    if (!drawing) return;
    root.querySelector(".tk-join")?.remove();
    const picked = [...root.querySelectorAll("[data-index]")].filter((dot) => {
      const here = at[dot.dataset.kind] === Number(dot.dataset.index);
      dot.classList.toggle("tk-picked", here);
      dot.classList.toggle("tk-dot", !here);
      return here;
    });
    const boxes = picked.map((dot) => dot.getBBox());
    const [across, down] = [boxes.map((box) => box.x + box.width / 2), boxes.map((box) => box.y + box.height / 2)];
    if (picked.length < 2 || Math.max(...across) - Math.min(...across) > 0.5) return;
    const line = makeSvg("path", { class: "tk-dashed tk-join", d: `M${across[0]} ${Math.min(...down)}V${Math.max(...down)}` });
    drawing.insertBefore(line, picked[0]);
  }

  pointing(element, watch, mark);
}

pointedDrawing(element, watch);
