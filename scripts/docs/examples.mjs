// A plugin of typedoc: every public function and class has an example, which the tests then run.
// Errors but for their base have none: what matters of them is when they are thrown.
import { Application, ReflectionKind } from "typedoc";

const hasExample = (comment) => comment?.getTag("@example") !== undefined;

const isError = ({ extendedTypes = [] }) => extendedTypes.some(({ name }) => name === "ThalwegError");

/** Whether a function, in one of its forms, or a class has an example. */
function shown(reflection) {
  if (hasExample(reflection.comment) || isError(reflection)) return true;
  return (reflection.signatures ?? []).some(({ comment }) => hasExample(comment));
}

export function load(app) {
  app.on(Application.EVENT_VALIDATE_PROJECT, (project) => {
    for (const reflection of project.getReflectionsByKind(ReflectionKind.Function | ReflectionKind.Class)) {
      if (!shown(reflection)) app.logger.warn(`${reflection.getFriendlyFullName()} has no example`);
    }
  });
}
