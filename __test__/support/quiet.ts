// Keeps warnings of thalweg's off stderr while tests run: most of them sample models that were hardly trained.
// Tests hear of them all the same, and of Node's own as before.
const printers = process.listeners("warning");
process.removeAllListeners("warning");
process.on("warning", (warning) => {
  if (warning.name === "ThalwegWarning") return;
  for (const print of printers) print(warning);
});
