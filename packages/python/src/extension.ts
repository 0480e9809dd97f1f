export { type PythonOptions, pythonExtension } from "@pawl/build/extensions/python";
