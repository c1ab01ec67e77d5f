/* Comes after drawing.js, which draws the text and the matrix: colours the text by the stop that is chosen. A stop is
   chosen by a click on its token or its row, by the arrow keys, or by the buttons above. What asks the server is a span
   of tokens that is to be explained anew, and, once a token of the answer is chosen, why one before it got its score. */
function generation(element, trigger, props, watch) {
  const root = element.querySelector(".tk-view");
  const bar = make("div", "tk-steps-bar");
  const back = step("◄", "The one before", () => choose(chosen - 1));
  const on = step("►", "The next one", () => choose(chosen + 1));
  const total = step("total", "", () => choose(0));
  const head = make("b");
  const open = make("a", "tk-open-row", "Open in Next token");
  const foot = make("div", "tk-foot tk-said-foot");
  const tip = make("div", "tk-tip");
  let chosen = 0;
  let own = false;
  let key = "";
  let picked = null; /* first and last answer token, counted from 1 */
  let spans = [];
  let bases = [];
  let focused = false;
  let walking = false;
  const cells = answerCells(root, () => props.value, { tell: show, hush: hide, meaning, pick: pickCell });

  head.setAttribute("dir", "auto");
  head.setAttribute("aria-live", "polite");
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Token of the answer: arrow keys go to the next one");
  open.target = "_blank";
  tip.setAttribute("aria-hidden", "true");
  tip.hidden = true;
  bar.append(back, on, head, total, open);
  root.before(bar);

  function step(text, label, act) {
    const button = make("button", "tk-step", text);
    button.type = "button";
    if (label) button.setAttribute("aria-label", label);
    button.addEventListener("click", act);
    return button;
  }

  function stop() {
    return props.value.stops[chosen];
  }

  function choose(next) {
    const last = props.value.stops.length - 1;
    if (last < 0) return;
    chosen = Math.max(0, Math.min(next, last));
    paint();
  }

  /* A cell of the row that is chosen asks why, one of another row chooses that. */
  function pickCell(row, place) {
    if (chosen === row + 1) why(place);
    else choose(row + 1);
  }

  /* Of one token of the answer only: their total has no question of its own. */
  function why(place) {
    if (!stop() || stop().place < 0 || stop().numbers[place] === undefined) return;
    trigger("select", { index: [chosen - 1, place], kind: "why", value: "why" });
    const drawer = element.closest(".tk-zones")?.querySelector(".tk-part-why_fold");
    if (drawer && drawer.getBoundingClientRect().top > 0.8 * innerHeight) drawer.scrollIntoView({ block: "center" });
  }

  /* Of each token its class and what is said of it. */
  function dress(span, place) {
    const value = props.value;
    const now = stop();
    const kinds = [bases[place]];
    const number = now?.numbers[place];
    const maybe = Boolean(now) && now.maybe.includes(place);
    if (number !== undefined) {
      const middle = value.classes.findIndex((name) => name === "tk0");
      kinds.push(value.classes[middle + (own ? now.own : now.shades)[place]]);
      if (maybe) kinds.push("tk-maybe");
    } else if (now && now.place >= 0 && place > now.place) kinds.push("tk-unheard");
    if (now && now.place === place) kinds.push("tk-chosen");
    if (picked && inside(place - value.start + 1)) kinds.push("tk-in-span");
    const shaded = kinds.some((name) => /^tk[pnu]\d/.test(name || ""));
    if (span.dataset.mark && (shaded || place >= value.start)) kinds.push("tk-blank");
    span.className = kinds.filter(Boolean).join(" ");
    span.removeAttribute("title");
    span.setAttribute("aria-label", [value.spoken[place], number, number === undefined ? "" : meaning(number, maybe)].filter(Boolean).join(", "));
    if (span.dataset.row !== undefined) span.setAttribute("aria-pressed", String(Boolean(now) && now.place === place));
  }

  function inside(number) {
    return number >= picked[0] && number <= picked[1];
  }

  function meaning(number, maybe) {
    const [towards, away, neither] = props.value.words;
    if (maybe) return props.value.maybe;
    return number === "0" ? neither : number.startsWith("−") ? away : towards;
  }

  function legend() {
    const value = props.value;
    const line = make("div", "tk-legend");
    const scale = make("span", "tk-scale");
    const top = own ? stop().own_top : stop().top;
    const [towards, away] = value.words;
    for (const name of value.classes) scale.append(make("i", name, name === "tk0" ? "0" : ""));
    if (away) line.append(make("span", "tk-away", `◄ ${away}`), make("b", "", `−${top}`));
    line.append(scale, make("b", "", top), make("span", "tk-towards", towards ? `${towards} ►` : "how much"));
    return line;
  }

  function scales() {
    const box = make("div", "tk-units");
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "Full colour");
    for (const [name, wanted] of [["one scale", false], ["each token’s own", true]]) {
      const button = make("button", "", name);
      button.type = "button";
      button.setAttribute("aria-pressed", String(own === wanted));
      button.addEventListener("click", () => {
        own = wanted;
        paint();
        foot.querySelector("[aria-pressed=true]").focus();
      });
      box.append(button);
    }
    return box;
  }

  function numberOf(name, place) {
    const field = make("input", "tk-input");
    field.type = "number";
    field.min = 1;
    field.max = props.value.count;
    field.value = span()[place];
    field.setAttribute("aria-label", name);
    field.addEventListener("change", () => {
      if (!Number.isInteger(field.valueAsNumber)) return;
      const next = [...span()];
      next[place] = Math.max(1, Math.min(field.valueAsNumber, props.value.count));
      pick(...next);
    });
    return field;
  }

  function span() {
    return picked || [props.value.span[0] + 1, props.value.span[1]];
  }

  function pick(one, other) {
    picked = [Math.min(one, other), Math.max(one, other)];
    paint();
  }

  function spanner() {
    const line = make("div", "tk-span-line");
    const go = step("Explain these", "", () => trigger("select", { index: [span()[0] - 1, span()[1]], kind: "span" }));
    const [first, end] = props.value.span;
    go.disabled = span()[0] === first + 1 && span()[1] === end && props.value.finished;
    line.append("Tokens", numberOf("From answer token", 0), "to", numberOf("To answer token", 1), go);
    line.append(make("span", "tk-hint", "or Shift+click"));
    return line;
  }

  function paint() {
    const value = props.value;
    const ready = Boolean(value && value.stops && value.stops.length);
    bar.hidden = !ready;
    if (!value || !value.tree) return;
    chosen = Math.min(chosen, Math.max(value.stops.length - 1, 0));
    spans.forEach((each, place) => each && dress(each, place));
    root.querySelectorAll("svg [data-row]").forEach((row) => row.classList.toggle("tk-chosen", ready && chosen === Number(row.dataset.row) + 1));
    prompt().forEach((each) => each.setAttribute("role", chosen ? "button" : "note"));
    if (!ready) return;
    head.textContent = stop().head;
    back.disabled = chosen === 0;
    on.disabled = chosen === value.stops.length - 1;
    total.hidden = chosen === 0;
    open.hidden = !stop().code;
    if (stop().code) open.href = `?r=${stop().code}`;
    drawFoot(value);
    const choosable = answer();
    rove(choosable, Math.max(0, choosable.findIndex((each) => Number(each.dataset.place) === stop().place)));
  }

  function drawFoot(value) {
    const at = [...foot.querySelectorAll("button, input")].indexOf(document.activeElement);
    foot.replaceChildren(legend(), ...(value.stops.length > 2 ? [scales()] : []), ...(value.count > 1 ? [spanner()] : []));
    if (at >= 0) foot.querySelectorAll("button, input")[at]?.focus();
    root.querySelector(".tk-said-so").after(foot);
    if (tip.parentNode !== root) root.append(tip);
  }

  function answer() {
    return [...root.querySelectorAll(".tk-said-so [data-row]")];
  }

  function prompt() {
    return [...root.querySelectorAll(".tk-prompt [data-place]")];
  }

  /* A new tree stands there: which token is where, and what it looks like without any score. */
  function render() {
    const value = props.value;
    if (!value || !value.tree) {
      spans = [];
      paint();
      return;
    }
    if (value.key !== key) {
      chosen = 0;
      picked = null;
      key = value.key;
    }
    tip.hidden = true;
    spans = [];
    bases = [];
    root.querySelectorAll("[data-place]").forEach((each) => {
      const place = Number(each.dataset.place);
      spans[place] = each;
      bases[place] = [...each.classList].filter((name) => name !== "tk-blank").join(" ");
      if (each.dataset.row !== undefined) each.setAttribute("role", "button");
    });
    rove(prompt(), 0);
    cells.describe();
    paint();
    if (walking) cells.focus();
    if (focused) answer().find((each) => each.tabIndex === 0)?.focus({ preventScroll: true });
  }

  function show(lines, box) {
    tip.replaceChildren(...lines.filter(Boolean).map((line) => make("div", "", line)));
    tip.hidden = false;
    const home = root.getBoundingClientRect();
    const left = box.left - home.left + box.width / 2 - tip.offsetWidth / 2;
    const fits = box.top - tip.offsetHeight - 6 > 0;
    tip.style.left = `${Math.max(0, Math.min(left, home.width - tip.offsetWidth))}px`;
    tip.style.top = `${fits ? box.top - home.top - tip.offsetHeight - 6 : box.bottom - home.top + 6}px`;
  }

  function told(each) {
    const place = Number(each.dataset.place);
    const number = stop()?.numbers[place];
    if (number === undefined) return hide();
    return show([props.value.names[place], number, meaning(number, stop().maybe.includes(place))], each.getClientRects()[0] || each.getBoundingClientRect());
  }

  function hide() {
    tip.hidden = true;
  }

  function taken(event, moves) {
    if (!moves[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    moves[event.key]();
  }

  function steps(event) {
    const backwards = getComputedStyle(root.querySelector(".tk-said-so .tk-text") || root).direction === "rtl";
    const [forth, behind] = backwards ? [-1, 1] : [1, -1];
    const to = (next) => () => {
      choose(next);
      if (root.contains(event.target)) (answer().find((each) => each.tabIndex === 0) || head).focus?.();
    };
    const last = props.value.stops.length - 1;
    taken(event, { ArrowRight: to(chosen + forth), ArrowLeft: to(chosen + behind), ArrowDown: to(chosen + 1), ArrowUp: to(chosen - 1), Home: to(0), End: to(last), Escape: hide });
  }

  bar.addEventListener("keydown", (event) => event.key !== "Enter" && event.key !== " " && steps(event));
  root.addEventListener("keydown", (event) => {
    if (cells.holds(event.target)) {
      taken(event, cells.moves());
      return;
    }
    const each = event.target.closest("[data-place]");
    if (!each) return;
    if (each.closest(".tk-said-so")) {
      steps(event);
      return;
    }
    const all = prompt();
    const asks = () => why(Number(each.dataset.place));
    const go = (place) => () => {
      const next = Math.max(0, Math.min(place, all.length - 1));
      rove(all, next);
      all[next].focus();
    };
    const at = all.indexOf(each);
    const forward = getComputedStyle(each.parentNode).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const behind = forward === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
    taken(event, { [forward]: go(at + 1), [behind]: go(at - 1), Home: go(0), End: go(all.length - 1), Enter: asks, " ": asks, Escape: hide });
  });
  root.addEventListener("mousedown", (event) => event.shiftKey && event.target.closest(".tk-said-so [data-place]") && event.preventDefault());
  root.addEventListener("click", (event) => {
    const row = event.target.closest("[data-row]");
    const each = event.target.closest(".tk-said-so [data-place]");
    const before = event.target.closest(".tk-prompt [data-place]");
    if (each && event.shiftKey) {
      const number = Number(each.dataset.place) - props.value.start + 1;
      const anchor = picked ? picked[0] : stop()?.place >= 0 ? stop().place - props.value.start + 1 : number;
      pick(anchor, number);
    } else if (each && row) {
      choose(Number(row.dataset.row) + 1);
      each.focus();
    } else if (row) {
      cells.click(event, row);
    } else if (before && !String(getSelection())) {
      rove(prompt(), prompt().indexOf(before));
      why(Number(before.dataset.place));
    }
  });
  root.addEventListener("focusin", (event) => {
    focused = Boolean(event.target.closest(".tk-said-so [data-row]"));
    walking = cells.holds(event.target);
    if (walking && event.target.matches(":focus-visible")) cells.resume();
    const each = event.target.closest("[data-place]");
    if (each) told(each);
  });
  root.addEventListener("focusout", (event) => {
    if (event.target.isConnected) {
      focused = false;
      walking = false;
      cells.leave();
    }
    hide();
  });
  root.addEventListener("pointermove", (event) => {
    const row = event.target.closest("svg rect[data-row]");
    if (row) cells.point(event, row);
  });
  root.addEventListener("pointerover", (event) => {
    const each = event.target.closest("[data-place]");
    if (each) told(each);
  });
  root.addEventListener("pointerout", hide);

  watch(["value", "state"], render);
  render();
}

generation(element, trigger, unpacked(props), watch);
