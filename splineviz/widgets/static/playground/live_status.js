// The status line of a live training. It tells the kernel when a frame has been painted, and when
// views appear and disappear, so that a training that nobody sees can end.

const newViewName = () => Math.random().toString(36).slice(2);

function initialize({ model }) {
  const confirm = (content) => {
    if (!("frame" in content)) return;
    // The canvas requested this animation frame earlier, so it has painted by then.
    requestAnimationFrame(() => model.send({ painted: content.frame }));
  };
  model.on("msg:custom", confirm);
  return () => model.off("msg:custom", confirm);
}

function render({ model, el }) {
  const name = newViewName();
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
