namespace Qwen3Tts.Training.Options;

/// <summary>
/// The numbers that a run has by default. A released model learns a voice with a learning rate of 5e-6 in about four to eight hundred
/// updates of eight clips: correct runs on record did so for both sizes, and with 1e-5 long texts already lost words. The miniature has a
/// hundredth of the weights and knows forty voices instead of thousands; it needs the higher rate of a small model.
/// </summary>
static class Recipe
{
    /// <summary>
    /// The most steps of a run. With held-out clips it ends earlier by itself, so this is more than is usually needed. Without them nothing
    /// says when to stop, and the run has the number that was usually best: for a small model, four epochs.
    /// </summary>
    /// <param name="released">Whether the model has the size of a released one.</param>
    /// <param name="measured">Whether clips are held out.</param>
    /// <param name="training">Clips to train on.</param>
    /// <param name="batch">Clips of a step.</param>
    public static int Steps(bool released, bool measured, int training, int batch)
    {
        int Epochs(int epochs) => (epochs * training + batch - 1) / batch;
        return (released, measured) switch
        {
            (true, true) => Math.Max(800, Epochs(1)),
            (true, false) => Math.Max(400, Epochs(1)),
            (false, true) => Math.Max(150, Epochs(10)),
            _ => Epochs(4),
        };
    }

    /// <summary>
    /// The learning rate of runs that worked. LoRA pairs begin at zero and need a higher rate than whole matrices: two and a half times on
    /// the miniature.
    /// </summary>
    public static double LearningRate(bool released, bool lora) =>
        (released, lora) switch { (true, false) => 5e-6, (true, true) => 2e-5, (false, false) => 2e-4, _ => 5e-4 };
}
