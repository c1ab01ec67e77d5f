/* Sentences about the state of things: what the model says, progress, errors, notes, facts. */
function sentences(element, props, watch) {
  const root = element.querySelector(".tk-view");

  function part([text, kind, address]) {
    if (!kind) return document.createTextNode(text);
    const node = make(kind, "", text);
    if (address) node.href = address;
    return node;
  }

  const TAGS = { error: "div", heading: "h1", says: "h2" };

  function line(facts) {
    const node = make(TAGS[facts.kind] || "p", `tk-${facts.kind}`);
    const home = facts.kind === "error" ? node.appendChild(make("p")) : node;
    home.append(...facts.parts.map(part));
    return node;
  }

  function bar(fraction) {
    const node = make("progress");
    node.max = 1;
    if (fraction >= 0) node.value = fraction;
    node.setAttribute("aria-label", "Progress");
    return node;
  }

  function list(facts) {
    const node = make("dl", "tk-facts");
    for (const [name, value] of facts) {
      const pair = make("div");
      pair.append(make("dt", "", name), make("dd", "", value));
      node.append(pair);
    }
    return node;
  }

  function render() {
    root.dataset.state = props.state || "ready";
    const value = props.value || {};
    /* Screen readers hear how it ends, not every per cent on the way. */
    if (props.live) root.setAttribute("aria-live", value.fraction >= 0 ? "off" : "polite");
    const nodes = (value.lines || []).map(line);
    if (value.fraction !== undefined && value.fraction !== null) {
      const box = make("div", "tk-progress");
      box.append(bar(value.fraction), ...nodes);
      root.replaceChildren(box);
      return;
    }
    if (value.facts) nodes.push(list(value.facts));
    root.replaceChildren(...nodes);
  }

  watch(["value", "state"], render);
  render();
}

sentences(element, unpacked(props), watch);
