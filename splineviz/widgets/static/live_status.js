// A line of text, and an answer to the kernel once what it sent has been painted. Its views tell
// when they come and go, so that a training whose picture is gone can end.

const newName = () => Math.random().toString(36).slice(2);

function initialize({ model }) {
  const answer = (content) => {
    if (!("frame" in content)) return;
    // The picture of that frame asked for this animation frame first, so it is painted by then.
    requestAnimationFrame(() => model.send({ painted: content.frame }));
  };
  model.on("msg:custom", answer);
  return () => model.off("msg:custom", answer);
}

function render({ model, el }) {
  const name = newName();
  const make = (className) => {
    const line = document.createElement("div");
    line.className = className;
    el.append(line);
    return line;
  };
  const text = make("sv-live-text");
  const message = make("sv-live-message");
  message.setAttribute("role", "alert");
  const say = () => {
    text.textContent = model.get("text");
    message.textContent = model.get("message");
  };
  const subscriptions = ["change:text", "change:message"];
  for (const event of subscriptions) model.on(event, say);
  say();
  model.send({ came: name });

  return () => {
    for (const event of subscriptions) model.off(event, say);
    model.send({ gone: name });
  };
}

export default { initialize, render };
