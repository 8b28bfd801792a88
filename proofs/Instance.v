(** * How an instance is written

    Notations in which a loss looks like one, and the tactic that has the kernel run the checker. *)
From Coq Require Export Reals ZArith QArith List.
From Direction Require Export Polynomial Theorem1 Checker Soundness.
Export ListNotations.

Definition constant_of_integer (z : Z) : expression := Constant (z # 1).
Definition integer_of_constant (e : expression) : option Z :=
  match e with Constant (z # 1) => Some z | _ => None end.

Declare Scope loss_scope.
Delimit Scope loss_scope with loss.
Bind Scope loss_scope with expression.
Number Notation expression constant_of_integer integer_of_constant : loss_scope.
Notation "a + b" := (Sum a b) : loss_scope.
Notation "a - b" := (Difference a b) : loss_scope.
Notation "- a" := (Opposite a) : loss_scope.
Notation "a * b" := (Product a b) : loss_scope.
Notation "a / b" := (Constant (Qmake a%Z b%positive)) : loss_scope.
Notation "a ^ k" := (Power a k%nat) : loss_scope.

(** Runs the checker twice: once to name the claim that is false, if one is, and once in the kernel, at Qed. *)
Ltac kernel_checked C W :=
  refine (accepted_is_true _ C W _);
  match goal with
  | |- ?v = accepted =>
      let r := eval vm_compute in v in
      lazymatch r with
      | accepted => vm_cast_no_check (@eq_refl outcome accepted)
      | rejected ?c => fail 1 "this claim of the certificate is false:" c
      end
  end.

Open Scope Q_scope.
