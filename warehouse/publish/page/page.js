"use strict";
(function () {
  var choice = document.getElementById("choice"), town = document.getElementById("town");
  var county = town.options.length ? town.options[0].value : "";
  function show(code) {
    document.querySelectorAll("[data-area]").forEach(function (block) { block.hidden = block.dataset.area !== code; });
    document.querySelectorAll("[data-town]").forEach(function (row) { row.classList.toggle("chosen", row.dataset.town === code); });
    document.body.classList.toggle("town", code !== county);
  }
  choice.hidden = false;
  town.addEventListener("change", function () { show(town.value); });
  document.getElementById("print").addEventListener("click", function () { window.print(); });
  /* A frame of another page cannot print itself. */
  document.getElementById("print").hidden = window.top !== window;
  var asked = new URLSearchParams(location.search).get("town");
  if (asked) {
    town.value = asked;
    if (town.value !== asked) town.value = county;
  }
  show(town.value);
})();
