/* Comes after sentences.js: tells all views of the tab what is pointed at. */
function pointer(element, props, watch) {
  const home = element.closest(".tk-zones");

  function tell() {
    if (!props.value?.at) return;
    home.dataset.pointed = JSON.stringify(props.value.at);
    home.dispatchEvent(new Event("tk-pointed"));
  }

  watch(["value"], tell);
  tell();
}

pointer(element, unpacked(props), watch);
