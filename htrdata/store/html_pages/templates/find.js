// Finding words among the pictures of this page; without it the page has everything else.
(() => {
  const place = document.querySelector(".search"), input = place.querySelector("input"), told = place.querySelector("[role=status]");
  const crops = [...document.querySelectorAll("li[data-find]")];
  if (!crops.length) return;
  place.hidden = false;
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    let found = 0;
    for (const crop of crops) {
      crop.hidden = wanted !== "" && !crop.dataset.find.toLowerCase().includes(wanted);
      found += !crop.hidden;
    }
    told.textContent = wanted === "" ? "" : `${found} of ${crops.length} pictures`;
  });
})();
