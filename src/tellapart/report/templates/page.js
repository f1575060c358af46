"use strict";
// A number in the confusion matrix leads to its photos. Without this script the link shows them in the page (style.css).
for (const link of document.querySelectorAll("a[data-opens]")) {
  const dialog = document.getElementById(link.dataset.opens);
  link.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.showModal();
    dialog.scrollTop = 0;
  });
  dialog.addEventListener("click", (event) => {
    const beside = event.target === dialog; // the backdrop belongs to the dialog; what lies on it is inside other elements
    if (beside || event.target.closest("[data-closes]")) {
      event.preventDefault();
      dialog.close();
    }
  });
}
