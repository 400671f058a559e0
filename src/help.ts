import {CommandHelp, Help} from '@oclif/core';

/** Oclif compiles a template for every piece of text; nearly all have nothing to fill in. */
class PlainCommandHelp extends CommandHelp {
  constructor(...given: ConstructorParameters<typeof CommandHelp>) {
    super(...given);
    const {render} = this;
    this.render = (text) => (text.includes('<%') ? render(text) : text);
  }
}

/** Oclif's help, quicker because plain text is not compiled. */
export default class PlainHelp extends Help {
  protected override CommandHelpClass = PlainCommandHelp;
}
