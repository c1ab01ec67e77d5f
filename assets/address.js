/* The address bar follows the result that is shown: `share` is sharing.share_payload, and nothing for one that is
   unfinished; while `status` waits for the next result, the address stays. Every request of the page repeats its query, and servers before it refuse long ones: a long link stays
   out of the address, and can still be copied. Other parameters stay. The first call comes of putting the first tab
   on screen: a page that was only opened keeps its address. */
(shared, told) => {
  const [share, status] = [shared, told].map((text) => text && JSON.parse(text));
  const LONGEST = 4000;
  const page = document.body.dataset;
  const opening = !page.tkOpened;
  page.tkOpened = "yes";
  if (opening || !share || !share.code || status?.waiting) return;
  const kept = location.search.slice(1).split("&").filter((pair) => pair && !pair.startsWith("r="));
  if (share.code.length <= LONGEST) kept.push(`r=${share.code}`);
  const query = kept.length ? `?${kept.join("&")}` : "";
  history.replaceState(history.state, "", `${location.pathname}${query}${location.hash}`);
}
