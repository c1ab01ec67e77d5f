/* Hands a file over that was made for this visitor: nothing is kept on the server. */
function download(element, props, watch) {
  watch(["value"], () => {
    const file = props.value;
    if (!file || !file.name) return;
    const link = make("a");
    const place = URL.createObjectURL(new Blob([file.text], { type: file.type }));
    link.href = place;
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(place), 1000);
  });
}

download(element, props, watch);
