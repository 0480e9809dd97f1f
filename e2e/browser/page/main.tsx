import { TriggerAuthContext } from "@pawl/react-hooks";
import { type ComponentType, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { components } from "./components.tsx";
import { shown } from "./shown.ts";

/** What a test asks of the page. */
interface Order {
  /** The name of a component; absent: the page is empty. */
  readonly component?: keyof typeof components;
  readonly props?: Readonly<Record<string, unknown>>;
  /** For the context around the component; absent: there is none. */
  readonly auth?: { readonly accessToken: string; readonly baseURL: string };
}

const root = createRoot(document.getElementById("root") ?? document.body);

/** Renders a component; one that is there already gets new props. */
function show({ component, props = {}, auth }: Order): void {
  if (component === undefined) {
    root.render(null);
    return;
  }
  const Component = components[component] as ComponentType<Readonly<Record<string, unknown>>>; // the test knows its props
  const element = <Component key={component} {...props} />;
  root.render(
    <StrictMode>
      {auth === undefined ? element : <TriggerAuthContext.Provider value={auth}>{element}</TriggerAuthContext.Provider>}
    </StrictMode>,
  );
}

Object.assign(globalThis, { show, shown });
