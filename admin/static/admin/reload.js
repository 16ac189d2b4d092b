// While work goes on, the page looks again by itself. Without this there is a link.
const place = document.querySelector("[data-reload]");
if (place) {
  setTimeout(() => location.reload(), Number(place.dataset.reload) * 1000);
}
