// Form Post Response Mode 1.0: the page posts itself; the button is for those without scripts.
document.querySelector("form[data-form-post]").submit();
