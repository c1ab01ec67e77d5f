/* All heads as small pictures (views/inside/attention.py): the shades come as letters, the colours from the style sheet. */
function attentionGrid(element, trigger, props, watch) {
  const root = element.querySelector(".tk-view");
  const bar = make("div", "tk-sorts");
  const box = make("div", "tk-heads");
  const readout = make("p", "tk-readout");
  const unit = make("p", "tk-hint");
  const canvas = make("canvas");
  const atlas = make("canvas");
  let options = [];
  let seen = 0;
  let drawn = null;
  let pictures = null;
  let sort = "layer";
  let active = 0;

  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", "Heads: arrow keys move, Enter opens one");
  readout.setAttribute("aria-live", "polite");

  /* All pictures in one, head under head, in the colours of the theme. */
  function colour() {
    const [layers, heads, rows, columns] = props.value.size;
    const colours = palette(root, props.value.classes);
    const image = new ImageData(columns, rows * layers * heads);
    const pixels = new Uint32Array(image.data.buffer);
    for (let place = 0; place < pixels.length; place += 1) pixels[place] = colours[pictures[place]];
    atlas.width = columns;
    atlas.height = image.height;
    atlas.getContext("2d").putImageData(image, 0, 0);
  }

  /* One canvas under all heads is drawn many times faster than one in each. */
  function place() {
    const [rows, columns] = props.value.size.slice(2);
    const fine = window.devicePixelRatio || 1;
    canvas.style.width = canvas.style.height = "0";
    const [width, height] = [box.clientWidth, box.scrollHeight];
    if (!width) return;
    canvas.width = Math.round(width * fine);
    canvas.height = Math.round(height * fine);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const pen = canvas.getContext("2d");
    pen.imageSmoothingEnabled = false;
    const [wide, high] = [options[0].clientWidth * fine, options[0].firstChild.clientHeight * fine];
    for (const node of options) {
      const top = Number(node.dataset.flat) * rows;
      pen.drawImage(atlas, 0, top, columns, rows, node.offsetLeft * fine, node.offsetTop * fine, wide, high);
    }
    seen = width;
  }

  function option(value, flat, number) {
    const node = make("div", "tk-head");
    node.dataset.flat = flat;
    node.setAttribute("role", "option");
    node.setAttribute("aria-label", value.labels[flat]);
    node.append(make("span"));
    if (number) node.append(make("small", "", number));
    return node;
  }

  function sorts(value) {
    const buttons = value.sorts.map((each) => {
      const button = make("button", "", each.title);
      button.type = "button";
      button.setAttribute("aria-pressed", String(each.key === sort));
      button.addEventListener("click", () => {
        sort = each.key;
        build();
        bar.querySelector("[aria-pressed=true]").focus();
      });
      return button;
    });
    const all = make("button", "tk-mean", "mean of all");
    all.type = "button";
    all.addEventListener("click", () => trigger("select", { index: [null, null], kind: "head", value: "mean" }));
    bar.replaceChildren(make("span", "", "sorted by"), ...buttons, all);
  }

  function build() {
    const value = props.value;
    const heads = value.size[1];
    const chosen = value.sorts.find((each) => each.key === sort) || value.sorts[0];
    const rows = !chosen.numbers;
    sorts(value);
    options = chosen.order.map((flat) => option(value, flat, chosen.numbers && chosen.numbers[flat]));
    box.classList.toggle("tk-rows", rows);
    box.style.setProperty("--tk-columns", heads);
    box.style.setProperty("--tk-shape", Math.max(0.5, Math.min(2, value.size[3] / value.size[2])));
    const parts = [canvas];
    options.forEach((node, at) => {
      if (rows && at % heads === 0) parts.push(layerButton(at / heads));
      parts.push(node);
    });
    box.replaceChildren(...parts);
    place();
    choose(value.selected);
  }

  function layerButton(layer) {
    const button = make("button", "tk-layer", String(layer + 1));
    const name = `${props.value.layer} ${layer + 1}`;
    const index = layer + props.value.first;
    button.type = "button";
    button.tabIndex = -1;
    button.setAttribute("aria-label", `${name[0].toUpperCase()}${name.slice(1)}: mean of its heads`);
    button.title = `${name}: mean of its heads`;
    button.addEventListener("click", () => trigger("select", { index, kind: "layer", value: name }));
    return button;
  }

  function choose(selected) {
    const heads = props.value.size[1];
    const flat = selected.layer === null || selected.head === null ? -1 : selected.layer * heads + selected.head;
    options.forEach((node) => node.setAttribute("aria-selected", String(Number(node.dataset.flat) === flat)));
    const place = options.findIndex((node) => Number(node.dataset.flat) === flat);
    active = place >= 0 ? place : 0;
    rove(options, active);
    readout.textContent = place >= 0 ? props.value.labels[flat] : "";
    if (place < 0) return;
    const { offsetTop, offsetHeight } = options[place];
    const hidden = offsetTop < box.scrollTop || offsetTop + offsetHeight > box.scrollTop + box.clientHeight;
    if (hidden) box.scrollTop = offsetTop - box.clientHeight / 2;
  }

  function render() {
    const value = props.value;
    if (!prepare(root, props, Boolean(value && value.pictures))) return;
    if (box.parentNode === root && drawn === value.pictures) return choose(value.selected);
    drawn = value.pictures;
    unit.textContent = `${value.unit}, each head up to its own largest`;
    pictures = shadesOf(drawn);
    if (!value.sorts.some((each) => each.key === sort) || box.parentNode !== root) sort = value.sort;
    if (box.parentNode !== root) root.replaceChildren(bar, box, readout, unit);
    colour();
    build();
  }

  function pick(node) {
    const heads = props.value.size[1];
    const flat = Number(node.dataset.flat);
    const [layer, head] = [Math.floor(flat / heads), flat % heads];
    choose({ layer, head });
    trigger("select", { index: [layer + props.value.first, head], kind: "head", value: props.value.labels[flat] });
  }

  function go(place) {
    active = Math.max(0, Math.min(place, options.length - 1));
    rove(options, active);
    options[active].focus();
  }

  /* Heads in one row of the screen, whichever way they flow. */
  function across() {
    const top = options[0].offsetTop;
    const next = options.findIndex((node) => node.offsetTop > top + 2);
    return next > 0 ? next : options.length;
  }

  box.addEventListener("keydown", (event) => {
    const node = event.target.closest("[data-flat]");
    if (!node || event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across(), ArrowUp: -across(), Home: -Infinity, End: Infinity };
    if (event.key in steps) go(active + steps[event.key]);
    else if (event.key === "Enter" || event.key === " ") pick(node);
    else return;
    event.preventDefault();
  });
  box.addEventListener("click", (event) => {
    const node = event.target.closest("[data-flat]");
    if (!node) return;
    go(options.indexOf(node));
    pick(node);
  });
  const tell = (event) => {
    const node = event.target.closest("[data-flat]");
    if (node) readout.textContent = node.getAttribute("aria-label");
  };
  box.addEventListener("pointerover", tell);
  box.addEventListener("focusin", (event) => {
    active = Math.max(0, options.indexOf(event.target));
    tell(event);
  });

  new ResizeObserver(() => options.length && box.clientWidth !== seen && place()).observe(box);
  onTheme(root, () => {
    if (!options.length || !props.value) return;
    colour();
    place();
  });
  watch(["value", "state"], render);
  render();
  pointing(element, watch, ({ layer, head }) => {
    if (props.value && options.length) choose({ layer: layer ? layer - 1 - props.value.first : null, head });
  });
}

attentionGrid(element, trigger, unpacked(props), watch);
