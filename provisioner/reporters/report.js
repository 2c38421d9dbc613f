
"use strict";
const form = document.getElementById("filter");
const hosts = [...document.querySelectorAll("details.host")];

function filter() {
  const text = form.elements.text.value.toLowerCase();
  const { value: status } = form.elements.status;
  const { value: outcome } = form.elements.outcome;
  let shown = 0;
  for (const host of hosts) {
    const named = host.querySelector("summary").textContent.toLowerCase().includes(text);
    let matching = 0;
    for (const step of host.querySelectorAll("li[data-outcome]")) {
      const found = named || step.textContent.toLowerCase().includes(text);
      step.hidden = !found || (outcome !== "" && step.dataset.outcome !== outcome);
      matching += step.hidden ? 0 : 1;
    }
    const wanted = status === "" || host.dataset.status === status;
    host.hidden = !wanted || !(matching > 0 || (named && outcome === ""));
    shown += host.hidden ? 0 : 1;
  }
  form.querySelector("output").textContent = `${shown} of ${hosts.length} hosts`;
}

form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
filter();
